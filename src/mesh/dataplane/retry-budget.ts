/** Retries may add this share to the requests … */
const RATIO = 0.2;
/** … beside this many a second, so that rare requests can be retried at all … */
const PER_SECOND = 10;
/** … counted over this many milliseconds. */
const WINDOW = 10_000;

/**
 * Bounds retries to a share of the requests, so that a failing backend does not get a multiple of its load. Worked example: of
 * 100 requests/s, 1000 fall into a window, so 200 + 100 retries may. The window slides: what happened in the one before counts by the
 * part of it that is still within the last WINDOW milliseconds.
 */
export class RetryBudget {
  #began: number;
  #requests = 0;
  #retries = 0;
  #requestsBefore = 0;
  #retriesBefore = 0;

  constructor(now: number) {
    this.#began = now;
  }

  request(now: number): void {
    this.#slide(now);
    this.#requests++;
  }

  /** True when one more retry is within the budget; it is then spent. */
  spend(now: number): boolean {
    this.#slide(now);
    const before = 1 - (now - this.#began) / WINDOW;
    const requests = this.#requests + before * this.#requestsBefore;
    const retries = this.#retries + before * this.#retriesBefore;
    if (retries + 1 > RATIO * requests + (PER_SECOND * WINDOW) / 1000) return false;
    this.#retries++;
    return true;
  }

  #slide(now: number): void {
    const windows = Math.floor((now - this.#began) / WINDOW);
    if (windows === 0) return;
    this.#requestsBefore = windows === 1 ? this.#requests : 0;
    this.#retriesBefore = windows === 1 ? this.#retries : 0;
    this.#requests = 0;
    this.#retries = 0;
    this.#began += windows * WINDOW;
  }
}
