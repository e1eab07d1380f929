import { CR, SEMICOLON, TOKEN, VALUE } from "./bytes.ts";

const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Bytes of extensions in one chunk. */
const MOST = 256;

const STATE = { beginOfName: 0, name: 1, beginOfValue: 2, value: 3, quoted: 4, escaped: 5, quoteEnd: 6 } as const;

/**
 * Reads over the extensions of one chunk (RFC 9112 §7.1.1), which mean nothing to us: names, and values that are tokens or quoted.
 * No white space: a sender must not write it, and what stands behind it could be taken for something else.
 */
export class ChunkExtension {
  #state: number = STATE.beginOfName;
  #read = 0;

  /** Takes the byte after the `;`, and those after it: `more`, the `end` (the CR of the line), or `bad`. */
  take(byte: number): "more" | "end" | "bad" {
    if (++this.#read > MOST) return "bad";
    switch (this.#state) {
      case STATE.beginOfName:
        return TOKEN[byte] === 0 ? "bad" : this.#to(STATE.name);
      case STATE.name:
        if (byte === EQUALS) return this.#to(STATE.beginOfValue);
        return this.#token(byte);
      case STATE.beginOfValue:
        if (byte === QUOTE) return this.#to(STATE.quoted);
        return TOKEN[byte] === 0 ? "bad" : this.#to(STATE.value);
      case STATE.value:
        return this.#token(byte);
      case STATE.quoteEnd:
        return this.#delimiter(byte);
      default:
        return this.#quoted(byte);
    }
  }

  #quoted(byte: number): "more" | "bad" {
    if (VALUE[byte] === 0) return "bad";
    if (this.#state === STATE.escaped) return this.#to(STATE.quoted);
    if (byte === QUOTE) return this.#to(STATE.quoteEnd);
    return byte === BACKSLASH ? this.#to(STATE.escaped) : "more";
  }

  #token(byte: number): "more" | "end" | "bad" {
    return TOKEN[byte] === 0 ? this.#delimiter(byte) : "more";
  }

  #delimiter(byte: number): "more" | "end" | "bad" {
    if (byte === CR) return "end";
    return byte === SEMICOLON ? this.#to(STATE.beginOfName) : "bad";
  }

  #to(state: number): "more" {
    this.#state = state;
    return "more";
  }
}
