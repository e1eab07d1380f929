import type { Random } from "../../lib/random.ts";

const WORD = 0x1_0000_0000;
/** Hexadecimal digits of a word. */
const DIGITS = 8;
const DIGIT: Uint8Array = Uint8Array.from(Buffer.from("0123456789abcdef"));
/** Where the parts of a `traceparent` value stand (W3C Trace Context §3.2): version, trace-id, parent-id, flags. */
const TEMPLATE = `00-${"0".repeat(32)}-${"0".repeat(16)}-01`;
const PREFIX = 3;
const TRACE = { word: 19, count: 27 } as const;
const PARENT = { count: 36, word: 44 } as const;

/**
 * Begins a trace for a request that belongs to none (W3C Trace Context): the first half of its id is this worker's, the rest is drawn
 * and counted. It is marked as sampled, because the access log has it. Digits are set in one value that is kept: numbers beyond 31 bits
 * are slow to turn into text, and there is one for every request.
 */
export class TraceIds {
  readonly #random: Random;
  readonly #value: Buffer = Buffer.from(TEMPLATE, "latin1");
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#set(this.#word(), PREFIX);
    this.#set(this.#word(), PREFIX + DIGITS);
  }

  /** A `traceparent` value. */
  next(): string {
    this.#count = (this.#count + 1) % WORD;
    const word = this.#word();
    this.#set(word, TRACE.word);
    this.#set(word, PARENT.word);
    this.#set(this.#count, TRACE.count);
    this.#set(this.#count, PARENT.count);
    return this.#value.toString("latin1");
  }

  /** Never zero: an id of zeros only is invalid. */
  #word(): number {
    return 1 + Math.floor(this.#random.next() * (WORD - 1));
  }

  #set(word: number, at: number): void {
    for (let i = 0; i < DIGITS; i++) this.#value[at + i] = DIGIT[(word >>> (28 - 4 * i)) & 0xf] as number;
  }
}
