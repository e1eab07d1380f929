const MILLISECONDS: readonly string[] = Array.from({ length: 1000 }, (_, ms) => `${String(ms).padStart(3, "0")}Z`);

/** Times as `Date.prototype.toISOString` has them, for many that are close to each other: what is common to a second is made once. */
export class Timestamps {
  #second = Number.NaN;
  /** `2026-01-01T00:00:00.` */
  #text = "";

  /** `time`: milliseconds since the epoch; fractions are cut off. */
  of(time: number): string {
    const second = Math.floor(time / 1000);
    if (second !== this.#second) {
      this.#text = new Date(second * 1000).toISOString().slice(0, -4);
      this.#second = second;
    }
    return this.#text + (MILLISECONDS[Math.floor(time) - second * 1000] as string);
  }
}
