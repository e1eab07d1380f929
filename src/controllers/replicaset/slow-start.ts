/**
 * Runs `work` `count` times, in batches of 1, 2, 4, … at once, and stops after the first batch in which one fails: what fails once (a
 * quota that is used up) would fail every time. Returns the results, and the first error.
 */
export async function slowStart<T>(
  count: number,
  work: () => Promise<T>,
): Promise<{ readonly done: readonly T[]; readonly error?: Error }> {
  const done: T[] = [];
  let left = count;
  for (let batch = 1; left > 0; batch *= 2) {
    const size = Math.min(batch, left);
    const results = await Promise.allSettled(Array.from({ length: size }, work));
    for (const result of results) if (result.status === "fulfilled") done.push(result.value);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) return { done, error: failed.reason as Error };
    left -= size;
  }
  return { done };
}
