import { isJsonArray, isJsonObject, type JsonValue } from "../../lib/json.ts";
import { DecodingError } from "./decoding-error.ts";
import { type JsonMember, jsonMembers } from "./json-members.ts";
import { jsonSyntaxError, MAX_DEPTH } from "./json-syntax.ts";

const QUOTE = 0x22;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A parsed JSON text that still knows what JSON.parse forgets. */
export class JsonDocument {
  readonly value: JsonValue;
  /** Some number is written with a fraction or an exponent, so that `1.0` may stand where `1` does. */
  readonly hasFractions: boolean;
  readonly #text: string;
  readonly #names: number;
  #members: readonly JsonMember[] | undefined;

  private constructor(text: string, value: JsonValue, { names, fractions }: Survey) {
    this.value = value;
    this.hasFractions = fractions;
    this.#text = text;
    this.#names = names;
  }

  /** Throws a DecodingError with Go's text when the bytes are not JSON. Invalid UTF-8 becomes U+FFFD, as in Go. */
  static parse(bytes: Uint8Array): JsonDocument {
    const survey = surveyOf(bytes);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    let value: JsonValue;
    try {
      if (survey.depth > MAX_DEPTH) throw new SyntaxError("too deep");
      value = JSON.parse(text) as JsonValue;
    } catch (error) {
      throw new DecodingError(jsonSyntaxError(bytes) ?? String(error));
    }
    return new JsonDocument(text, value, survey);
  }

  /** A value that was never a text: nothing can be duplicate, and numbers are what they are. */
  static of(value: JsonValue): JsonDocument {
    return new JsonDocument("", value, { names: 0, fractions: false, depth: 0 });
  }

  /** Whether some object names a member twice; JSON.parse keeps the last. */
  hasDuplicates(): boolean {
    return this.#text !== "" && this.#names !== countNames(this.value);
  }

  /** All members in the order of the text. */
  members(): readonly JsonMember[] {
    this.#members ??= jsonMembers(this.#text === "" ? JSON.stringify(this.value) : this.#text);
    return this.#members;
  }

  /** How the number at the path is written. */
  numberAt(path: string): string | undefined {
    return this.members().findLast((member) => member.path === path)?.number;
  }
}

interface Survey {
  /** Names of members. */
  readonly names: number;
  readonly fractions: boolean;
  readonly depth: number;
}

/** One quick pass over the bytes. In a text that is not JSON the counts mean nothing, and are not used. */
function surveyOf(bytes: Uint8Array): Survey {
  let names = 0;
  let fractions = false;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i = endOfString(bytes, i);
        break;
      case COLON:
        names++;
        break;
      case OPEN_OBJECT:
      case OPEN_LIST:
        depth++;
        if (depth > deepest) deepest = depth;
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        depth--;
        break;
      case DOT:
        fractions = true;
        break;
      case 0x45: // E
      case 0x65: // e, which is also in true and false
        fractions ||= isDigit(bytes[i - 1]);
        break;
      default:
    }
  }
  return { names, fractions, depth: deepest };
}

/** The index of the quote that closes the string that opens at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function countNames(value: JsonValue): number {
  let names = 0;
  if (isJsonArray(value)) {
    for (const item of value) if (typeof item === "object") names += countNames(item);
  } else if (isJsonObject(value)) {
    for (const item of Object.values(value)) names += 1 + (typeof item === "object" ? countNames(item) : 0);
  }
  return names;
}
