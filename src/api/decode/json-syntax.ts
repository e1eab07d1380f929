import { quoteGo } from "../../lib/go-format.ts";

/**
 * What is wrong with a text that is not JSON, in the words of Go's encoding/json, which users of Kubernetes know
 * (`invalid character '}' looking for beginning of value`). Only for texts that JSON.parse refused: it does not build values.
 */

/** Deeper nesting is refused (Go: 10,000), so that no walk over an object can run out of stack. */
export const MAX_DEPTH = 1000;

const END_OF_INPUT = "unexpected end of JSON input";

const CODE = {
  tab: 0x09,
  newline: 0x0a,
  return: 0x0d,
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  upperE: 0x45,
  openList: 0x5b,
  backslash: 0x5c,
  closeList: 0x5d,
  lowerE: 0x65,
  lowerU: 0x75,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

const LITERALS: ReadonlyMap<number, string> = new Map(
  ["true", "false", "null"].map((word) => [word.charCodeAt(0), word]),
);
/** What may follow a backslash, `u` apart. */
const ESCAPES: ReadonlySet<number> = new Set(Array.from('bfnrt\\/"', (char) => char.charCodeAt(0)));

/** The first syntax error of the text; undefined when it is well-formed JSON. */
export function jsonSyntaxError(text: Uint8Array): string | undefined {
  try {
    new SyntaxScanner(text).scan();
    return undefined;
  } catch (error) {
    if (error instanceof Found) return error.message;
    throw error;
  }
}

class Found extends Error {}

type Place = "value" | "value or ]" | "key" | "key or }" | "colon" | "after value" | "end";

class SyntaxScanner {
  readonly #text: Uint8Array;
  /** The containers around the present place, the innermost last; true for an object. */
  readonly #stack: boolean[] = [];
  #at = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  scan(): void {
    let place: Place = "value";
    while (true) {
      this.#skipSpace();
      if (place === "end") {
        if (this.#at < this.#text.length) this.#fail("after top-level value");
        return;
      }
      place = this.#step(place);
    }
  }

  #step(place: Exclude<Place, "end">): Place {
    const char = this.#peek();
    switch (place) {
      case "value or ]":
        return char === CODE.closeList ? this.#close() : this.#value();
      case "value":
        return this.#value();
      case "key or }":
        return char === CODE.closeObject ? this.#close() : this.#key();
      case "key":
        return this.#key();
      case "colon":
        if (char !== CODE.colon) this.#fail("after object key");
        this.#at++;
        return "value";
      case "after value":
        return this.#afterValue(char);
    }
  }

  #key(): Place {
    if (this.#peek() !== CODE.quote) this.#fail("looking for beginning of object key string");
    this.#string();
    return "colon";
  }

  #value(): Place {
    const char = this.#peek();
    if (char === CODE.openObject || char === CODE.openList) {
      this.#stack.push(char === CODE.openObject);
      if (this.#stack.length > MAX_DEPTH) this.#fail("exceeded max depth");
      this.#at++;
      return char === CODE.openObject ? "key or }" : "value or ]";
    }
    const literal = LITERALS.get(char);
    if (char === CODE.quote) this.#string();
    else if (literal) this.#literal(literal);
    else if (char === CODE.minus || isDigit(char)) this.#number();
    else this.#fail("looking for beginning of value");
    return this.#ended();
  }

  #afterValue(char: number): Place {
    const inObject = this.#stack.at(-1);
    if (char === CODE.comma) {
      this.#at++;
      return inObject ? "key" : "value";
    }
    if (char === (inObject ? CODE.closeObject : CODE.closeList)) return this.#close();
    return this.#fail(inObject ? "after object key:value pair" : "after array element");
  }

  #close(): Place {
    this.#stack.pop();
    this.#at++;
    return this.#ended();
  }

  #ended(): Place {
    return this.#stack.length === 0 ? "end" : "after value";
  }

  #literal(word: string): void {
    for (const char of word) {
      if (this.#peekInside() !== char.charCodeAt(0)) this.#fail(`in literal ${word} (expecting '${char}')`);
      this.#at++;
    }
  }

  #string(): void {
    this.#at++;
    while (true) {
      const char = this.#peek();
      if (char < CODE.space) this.#fail("in string literal");
      this.#at++;
      if (char === CODE.quote) return;
      if (char === CODE.backslash) this.#escape();
    }
  }

  #escape(): void {
    const char = this.#peekInside();
    if (char !== CODE.lowerU && !ESCAPES.has(char)) this.#fail("in string escape code");
    this.#at++;
    if (char !== CODE.lowerU) return;
    for (let i = 0; i < 4; i++) {
      if (!isHexDigit(this.#peekInside())) this.#fail("in \\u hexadecimal character escape");
      this.#at++;
    }
  }

  #number(): void {
    if (this.#peekInside() === CODE.minus) {
      this.#at++;
      if (!isDigit(this.#peekInside())) this.#fail("in numeric literal");
    }
    // No digit may follow a leading zero: the value ends there.
    if (this.#peekInside() === CODE.zero) this.#at++;
    else this.#digits();
    if (this.#text[this.#at] === CODE.dot) {
      this.#at++;
      if (!isDigit(this.#peekInside())) this.#fail("after decimal point in numeric literal");
      this.#digits();
    }
    const exponent = this.#text[this.#at];
    if (exponent !== CODE.lowerE && exponent !== CODE.upperE) return;
    this.#at++;
    const sign = this.#peekInside();
    if (sign === CODE.plus || sign === CODE.minus) this.#at++;
    if (!isDigit(this.#peekInside())) this.#fail("in exponent of numeric literal");
    this.#digits();
  }

  #digits(): void {
    while (isDigit(this.#text[this.#at])) this.#at++;
  }

  #skipSpace(): void {
    for (let char = this.#text[this.#at]; isSpace(char); char = this.#text[this.#at]) this.#at++;
  }

  #peek(): number {
    const char = this.#text[this.#at];
    if (char === undefined) throw new Found(END_OF_INPUT);
    return char;
  }

  /** Inside a literal, a number or an escape the end of the text counts as a space, which does not belong there. */
  #peekInside(): number {
    return this.#text[this.#at] ?? CODE.space;
  }

  #fail(context: string): never {
    throw new Found(`invalid character ${quoteByte(this.#peekInside())} ${context}`);
  }
}

function isSpace(char: number | undefined): boolean {
  return char === CODE.space || char === CODE.newline || char === CODE.return || char === CODE.tab;
}

function isDigit(char: number | undefined): boolean {
  return char !== undefined && char >= CODE.zero && char <= CODE.nine;
}

function isHexDigit(char: number): boolean {
  // Bit 5 set makes a letter lower case.
  return isDigit(char) || ((char | 0x20) >= 0x61 && (char | 0x20) <= 0x66);
}

/** A byte as Go prints a character: `'x'`, `'\n'`, `'\x00'`, `'ï'`. */
function quoteByte(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === CODE.quote) return `'"'`;
  return `'${quoteGo(String.fromCharCode(byte)).slice(1, -1)}'`;
}
