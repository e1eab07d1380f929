const NEVER = Number.POSITIVE_INFINITY;
/** Buckets per doubling: a figure is at most 19 % above the truth. */
const STEPS = 4;
/** The last bucket begins at 2^17 ms, more than two minutes. */
const BUCKETS = STEPS * 17 + 1;
/** The usual time is found anew when this share of the answers is. */
const STALE = 1.01;
/** So few answers say nothing yet. */
const ENOUGH = 10;
/** A request is overdue at this many times the usual time, within these bounds (milliseconds). */
const OVERDUE = 5;
const OVERDUE_LEAST = 3_000;
const OVERDUE_MOST = 60_000;

/**
 * How soon the old version of a release begins to answer at one endpoint, and so from when on a request has been without an answer for
 * too long. Both versions are measured by it: a limit that the new version has no part in, fixed before the request is judged, cannot
 * turn against it, however it was found; a bad limit only costs power (DESIGN §4.6, release-evidence §2b).
 */
export class Pace {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;
  #stale = 0;
  #usual = NEVER;

  /** The old version began to answer after so many milliseconds. */
  add(time: number): void {
    const bucket = time <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(STEPS * Math.log2(time)));
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    if (++this.#total >= Math.max(ENOUGH, this.#stale)) this.#find();
  }

  /**
   * Within this many milliseconds 99 of 100 answers begin; Infinity while too few were seen. A client that gives up later than this has
   * waited for longer than usual; of the others nothing is known but that they had no time.
   */
  get usual(): number {
    return this.#usual;
  }

  /**
   * Without a byte for this many milliseconds, a request has failed. Example: 99 of 100 answers begin within 1.1 s, overdue at 6.1 s
   * (the bucket ends at 1.22 s); within 20 ms, at 3 s; nobody knows, at 60 s: where only the new version serves there is nobody to
   * compare with, and a slow endpoint must not look like one that hangs.
   */
  get overdue(): number {
    return Math.min(OVERDUE_MOST, Math.max(OVERDUE_LEAST, OVERDUE * this.#usual));
  }

  #find(): void {
    let above = Math.floor(this.#total / 100);
    let bucket = BUCKETS - 1;
    while (bucket > 0 && above >= (this.#counts[bucket] as number)) above -= this.#counts[bucket--] as number;
    this.#usual = 2 ** (bucket / STEPS);
    this.#stale = this.#total * STALE;
  }
}
