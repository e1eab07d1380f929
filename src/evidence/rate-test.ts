import { type Laying, layEvenly, type Stakes, settle } from "./stakes.ts";

/**
 * Tests "the share of bad requests is at most `tolerated`" from one sample, without a version to compare with: the absolute
 * guard. It sees damage that hits both versions alike, and it works when only one version is left.
 */
export interface RateTest extends Laying {
  readonly tolerated: number;
  /** The alternatives, as shares. */
  readonly shares: readonly number[];
}

const TIMES = [2, 3, 5, 10, 30, 100];

/** `tolerated` is a share: 0.01 is 1 %. */
export function guardTest(tolerated: number): RateTest {
  return { tolerated, shares: TIMES.map((times) => Math.min(0.95, tolerated * times)), ...layEvenly(TIMES.length) };
}

/** Adds `requests`, `bad` of which went wrong. */
export function addRequests(test: RateTest, stakes: Stakes, requests: number, bad: number): Stakes {
  if (requests === 0) return stakes;
  const good = Math.log1p(-test.tolerated);
  return settle(stakes, (j) => {
    const q = test.shares[j] ?? test.tolerated;
    return bad * Math.log(q / test.tolerated) + (requests - bad) * (Math.log1p(-q) - good);
  });
}
