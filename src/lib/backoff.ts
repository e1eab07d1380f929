import type { Random } from "./random.ts";

/** How long to wait between attempts: `base`, twice that, four times that, … but never more than `max` milliseconds. */
export interface Backoff {
  readonly base: number;
  readonly max: number;
  /** Up to this share of the delay is added by chance, so that those who failed together do not come back together. */
  readonly jitter: number;
}

/**
 * Milliseconds to wait after `failures` failures in a row (1 or more). With base 5, max 1000 and jitter 0.1: 5 to 5.5 after the
 * first, 10 to 11 after the second, 1000 to 1100 after the ninth (5 × 2⁸ = 1280) and ever after.
 */
export function backoffDelay(backoff: Backoff, failures: number, random: Random): number {
  // 2 to a power beyond 1023 is Infinity, which `max` cuts as well.
  const delay = Math.min(backoff.base * 2 ** Math.max(0, failures - 1), backoff.max);
  return delay * (1 + backoff.jitter * random.next());
}
