import { DockerfileError } from "./dockerfile.ts";

/** What `$NAME` stands for; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/**
 * Splits the arguments of an instruction into words as Docker does: blanks separate, quotes join, variables are
 * expanded outside single quotes, the escape character takes the meaning from the next one.
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export function splitWords(text: string, escape: string, lookup: Lookup, line: number): readonly string[] {
  const words: string[] = [];
  const scanner = new Scanner(text, escape, lookup, line);
  for (;;) {
    scanner.skipBlanks();
    if (scanner.done) return words;
    words.push(scanner.word(" \t"));
  }
}

/** Expands variables in `text` and removes quotes, without splitting. */
export function expandWord(text: string, escape: string, lookup: Lookup, line: number): string {
  return new Scanner(text, escape, lookup, line).word("");
}

class Scanner {
  readonly #text: string;
  readonly #escape: string;
  readonly #lookup: Lookup;
  readonly #line: number;
  #at = 0;

  constructor(text: string, escape: string, lookup: Lookup, line: number) {
    this.#text = text;
    this.#escape = escape;
    this.#lookup = lookup;
    this.#line = line;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  skipBlanks(): void {
    while (/[ \t\n]/.test(this.#peek())) this.#at++;
  }

  /** Up to one of the characters `ends`, or the end. */
  word(ends: string): string {
    let word = "";
    while (!this.done) {
      const char = this.#peek();
      if (ends.includes(char)) break;
      if (char === "'") word += this.#singleQuoted();
      else if (char === '"') word += this.#doubleQuoted();
      else if (char === "$") word += this.#variable();
      else if (char === this.#escape) word += this.#escaped();
      else word += this.#next();
    }
    return word;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    return this.#text.charAt(this.#at++);
  }

  #escaped(): string {
    this.#at++;
    return this.done ? this.#escape : this.#next();
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0)
      throw new DockerfileError(this.#line, "unexpected end of statement while looking for matching single-quote");
    const inner = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inner;
  }

  #doubleQuoted(): string {
    this.#at++;
    let inner = "";
    while (this.#peek() !== '"') {
      if (this.done) {
        throw new DockerfileError(this.#line, "unexpected end of statement while looking for matching double-quote");
      }
      if (this.#peek() === "$") inner += this.#variable();
      else if (this.#peek() === this.#escape) inner += this.#escapedInQuotes();
      else inner += this.#next();
    }
    this.#at++;
    return inner;
  }

  /** Inside double quotes the escape character only takes effect before a quote, a dollar and itself. */
  #escapedInQuotes(): string {
    this.#at++;
    const char = this.#next();
    return char === '"' || char === "$" || char === this.#escape ? char : this.#escape + char;
  }

  #variable(): string {
    const rest = this.#text.slice(this.#at);
    const plain = /^\$([A-Za-z_]\w*|[0-9@*#!?$-])/.exec(rest);
    if (plain) {
      this.#at += plain[0].length;
      return this.#lookup(plain[1] ?? "") ?? "";
    }
    if (!rest.startsWith("${")) {
      this.#at++;
      return "$";
    }
    const braced = /^\$\{([A-Za-z_]\w*)(:?[-+?])?/.exec(rest);
    if (!braced) throw new DockerfileError(this.#line, "bad substitution");
    this.#at += braced[0].length;
    const alternative = braced[2] === undefined ? "" : this.word("}");
    if (this.#next() !== "}") throw new DockerfileError(this.#line, `unsupported modifier in substitution: ${rest}`);
    return this.#substitute(braced[1] ?? "", braced[2] ?? "", alternative);
  }

  #substitute(name: string, modifier: string, alternative: string): string {
    const value = this.#lookup(name);
    const isSet = modifier.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
    if (modifier.endsWith("-")) return isSet ? (value ?? "") : alternative;
    if (modifier.endsWith("+")) return isSet ? alternative : "";
    if (modifier.endsWith("?") && !isSet) {
      throw new DockerfileError(this.#line, `${name}: ${alternative === "" ? "not allowed to be unset" : alternative}`);
    }
    return value ?? "";
  }
}
