import { LIMIT } from "./evidence-ledger.ts";

/** ln of what a bet must win: the limit, over the stake of the pooled failures, the start and one of eight alternatives. */
const NEEDED = Math.log((LIMIT / 0.5) * 16);

/**
 * Failures of the new version that a release costs until it ends, when the new version fails `ratio` times as often as the
 * old one and gets the share `w`: H = theta A / KL(theta || w). Example: 10 times as often at 5 %: 7.
 */
export function expectedFailures(ratio: number, w: number): number {
  const theta = (w * ratio) / (1 + w * (ratio - 1));
  const divergence = theta * Math.log(theta / w) + (1 - theta) * Math.log((1 - theta) / (1 - w));
  return (theta * NEEDED) / divergence;
}

/**
 * The smallest failure share of the new version that is likely to be noticed within `requests` requests to it, the old one
 * failing the share `base`; 1 when not even a dead version would be. Example: 600 requests at 5 %, base 0.1 %: 1.1 %.
 */
export function noticeableShare(requests: number, w: number, base: number): number {
  const floor = Math.max(base, 1e-6);
  if (requests < expectedFailures(1 / floor, w)) return 1;
  let low = floor;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const p = (low + high) / 2;
    if (requests * p >= expectedFailures(p / floor, w)) high = p;
    else low = p;
  }
  return high;
}
