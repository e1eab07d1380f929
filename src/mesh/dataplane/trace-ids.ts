import type { Random } from "../../lib/random.ts";

const WORD = 0x1_0000_0000;

/**
 * Begins a trace for a request that belongs to none (W3C Trace Context): the first half of its id is this worker's, the rest is drawn
 * and counted. It is marked as sampled, because the access log has it.
 */
export class TraceIds {
  readonly #random: Random;
  readonly #prefix: string;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#prefix = this.#word() + this.#word();
  }

  /** A `traceparent` value. */
  next(): string {
    this.#count = (this.#count + 1) % WORD;
    const word = this.#word();
    const count = hex(this.#count);
    return `00-${this.#prefix}${word}${count}-${count}${word}-01`;
  }

  #word(): string {
    // Never zero: an id of zeros only is invalid.
    return hex(1 + Math.floor(this.#random.next() * (WORD - 1)));
  }
}

/** Eight hexadecimal digits. */
const hex = (word: number): string => (word + WORD).toString(16).slice(1);
