import { type Laying, layEvenly, type Stakes, settle } from "./stakes.ts";

/**
 * Tests "a bad event is no more likely on the new version than `tolerated` times on the old one". If the draw of each
 * request is random with chance w, then of all bad events at that w the share theta(w, r) = w r / (1 + w (r - 1)) falls on
 * the new version, r being the true ratio, whatever the error rate does meanwhile. Each alternative r bets against it:
 *
 *   factor of an event on the new version   (r / r0) (1 + w (r0 - 1)) / (1 + w (r - 1))
 *   factor of an event on the old version            (1 + w (r0 - 1)) / (1 + w (r - 1))
 *
 * Example: w = 5 %, r0 = 1, alternative r = 10: a failure of new is worth 10 / 1.45 = 6.9, one of old 0.69.
 */
export interface RatioTest extends Laying {
  readonly tolerated: number;
  /** The alternatives, as ratios new : old. */
  readonly ratios: readonly number[];
}

const WORSE = [1.5, 2, 3, 5, 10, 30, 100, 1000];
const NOT_WORSE = [0.8, 0.65, 0.5, 0.35, 0.2];
/** Both ways: the new version may get more than its share of requests, or less. */
const TWO_SIDED = [0.5, 0.67, 0.8, 0.9, 1.1, 1.25, 1.5, 2];

/** Evidence that the new version is worse than `tolerated` times the old one. */
export function worseTest(tolerated = 1): RatioTest {
  return { tolerated, ratios: WORSE.map((r) => tolerated * r), ...layEvenly(WORSE.length) };
}

/** Evidence for promotion: against "the new version is at least `refused` times as bad". */
export function notWorseTest(refused = 2): RatioTest {
  return { tolerated: refused, ratios: NOT_WORSE.map((r) => refused * r), ...layEvenly(NOT_WORSE.length, 1, 0) };
}

/** Evidence that the traffic is not split as asked; its events are all requests, not only failures. */
export function splitTest(): RatioTest {
  return { tolerated: 1, ratios: TWO_SIDED, ...layEvenly(TWO_SIDED.length) };
}

/** Adds events whose requests were drawn with chance `w` for the new version. Order does not matter. */
export function addEvents(test: RatioTest, stakes: Stakes, w: number, fresh: number, old: number): Stakes {
  if (fresh === 0 && old === 0) return stakes;
  const base = Math.log1p(w * (test.tolerated - 1));
  return settle(stakes, (j) => {
    const r = test.ratios[j] ?? test.tolerated;
    return fresh * Math.log(r / test.tolerated) + (fresh + old) * (base - Math.log1p(w * (r - 1)));
  });
}
