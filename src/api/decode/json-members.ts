import { MAX_DEPTH } from "./json-syntax.ts";

/** One member of an object, or one item of a list, as it stands in a JSON text. */
export interface JsonMember {
  /** `spec.containers[0].image` */
  readonly path: string;
  /** A member of this name came before in the same object. */
  readonly duplicate: boolean;
  /** The text of a number, as written. */
  readonly number?: string;
}

/**
 * All members of a well-formed JSON text in the order of the text: what JSON.parse does not tell (duplicates, how numbers
 * are written). Only made when there is something to complain about.
 */
export function jsonMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  const reader = new MemberReader(text, members);
  reader.value("", false);
  return members;
}

class MemberReader {
  readonly #text: string;
  readonly #members: JsonMember[];
  #at = 0;

  constructor(text: string, members: JsonMember[]) {
    this.#text = text;
    this.#members = members;
  }

  /** Reads one value; `path` is its own, empty for the document. */
  value(path: string, duplicate: boolean, depth = 0): void {
    if (depth > MAX_DEPTH) throw new RangeError("JSON nested too deeply");
    this.#skipSpace();
    const start = this.#at;
    const char = this.#text[start];
    const number = char === "-" || (char !== undefined && char >= "0" && char <= "9");
    if (path !== "") {
      if (number) this.#skipPlain();
      this.#members.push({ path, duplicate, ...(number && { number: this.#text.slice(start, this.#at) }) });
    }
    if (char === "{") this.#object(path, depth);
    else if (char === "[") this.#list(path, depth);
    else if (char === '"') this.#string();
    else this.#skipPlain();
  }

  #object(path: string, depth: number): void {
    const seen = new Set<string>();
    this.#at++;
    for (this.#skipSpace(); this.#text[this.#at] !== "}"; this.#skipSeparator()) {
      const name = this.#string();
      this.#skipSpace();
      this.#at++;
      this.value(path === "" ? name : `${path}.${name}`, seen.has(name), depth + 1);
      seen.add(name);
    }
    this.#at++;
  }

  #list(path: string, depth: number): void {
    this.#at++;
    let index = 0;
    for (this.#skipSpace(); this.#text[this.#at] !== "]"; this.#skipSeparator()) {
      this.value(`${path}[${index++}]`, false, depth + 1);
    }
    this.#at++;
  }

  #string(): string {
    const start = this.#at++;
    let escaped = false;
    for (let char = this.#text[this.#at]; char !== '"'; char = this.#text[this.#at]) {
      if (char === undefined) throw new SyntaxError("not a well-formed JSON text");
      if (char === "\\") {
        escaped = true;
        this.#at++;
      }
      this.#at++;
    }
    this.#at++;
    return escaped ? String(JSON.parse(this.#text.slice(start, this.#at))) : this.#text.slice(start + 1, this.#at - 1);
  }

  /** A number, `true`, `false` or `null`. */
  #skipPlain(): void {
    while (/[-+.\w]/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #skipSeparator(): void {
    this.#skipSpace();
    if (this.#text[this.#at] === ",") this.#at++;
    this.#skipSpace();
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at))) this.#at++;
  }
}
