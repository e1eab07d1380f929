/**
 * Time as a dependency. Everything that waits or looks at the time gets a Clock; only `main/` has the real one, tests
 * have a FakeClock (test/support/fake-clock.ts) that they advance by hand.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump; for timestamps that people read. */
  now(): number;
  /** Milliseconds of a clock that never goes back; for durations. */
  monotonic(): number;
  /** Calls `run` once after `delay` milliseconds. The returned handle cancels; cancelling twice is harmless. */
  after(delay: number, run: () => void): Cancel;
}

export type Cancel = () => void;

/** Resolves after `delay` milliseconds; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delay, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
