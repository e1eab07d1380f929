import { goJsonType } from "../../lib/go-format.ts";
import { isJsonArray, type JsonValue } from "../../lib/json.ts";
import { formatQuantity, parseQuantity } from "../../lib/quantity.ts";
import type { ScalarSchema, ScalarType } from "../table/schema.ts";
import { encodeBase64, normaliseBase64 } from "./base64.ts";
import { DecodingError } from "./decoding-error.ts";
import { normaliseMicroTime, normaliseTime } from "./go-time.ts";

/** What a scalar's decoder may ask about the place where it is. */
export interface Context {
  /** Some numbers of the text are written with a fraction or an exponent, which no integer may be. */
  readonly exactNumbers: boolean;
  /** The number as written. */
  numberText(): string | undefined;
}

/** A value of a wrong JSON type. */
export class Mismatch extends Error {
  readonly given: string;
  readonly wanted: string;
  /** Go remembers the first and goes on, but stops where a type reads itself. */
  readonly fatal: boolean;

  constructor(given: string, wanted: string, fatal = false) {
    super(`${given} is no ${wanted}`);
    this.given = given;
    this.wanted = wanted;
    this.fatal = fatal;
  }
}

type Reader = (value: JsonValue, goType: string, context: Context) => JsonValue;

const READERS: Readonly<Record<ScalarType, Reader>> = {
  string: (value, goType) => (typeof value === "string" ? value : mismatch(value, goType)),
  bool: (value, goType) => (typeof value === "boolean" ? value : mismatch(value, goType)),
  int32: (value, goType, context) => integer(value, "int32", goType, context),
  int64: (value, goType, context) => integer(value, "int64", goType, context),
  float64: float,
  bytes,
  time: textReader(normaliseTime),
  microtime: textReader(normaliseMicroTime),
  duration: textReader((text) => text),
  quantity: (value, _goType, context) => canonicalQuantity(quantityText(value, context)),
  intOrString,
};

/** Decodes a scalar that is not null into its canonical JSON form; throws Mismatch or DecodingError. */
export function decodeScalar(schema: ScalarSchema, value: JsonValue, context: Context): JsonValue {
  return READERS[schema.type](value, schema.goType ?? schema.type, context);
}

function textReader(normalise: (text: string) => string): Reader {
  return (value) => {
    if (typeof value === "string") return normalise(value);
    throw new Mismatch(goJsonType(value), "string", true);
  };
}

function mismatch(value: JsonValue, wanted: string): never {
  throw new Mismatch(goJsonType(value), wanted);
}

function intOrString(value: JsonValue, _goType: string, context: Context): JsonValue {
  if (typeof value === "string") return value;
  try {
    return integer(value, "int32", "int32", context);
  } catch (error) {
    throw error instanceof Mismatch ? new Mismatch(error.given, error.wanted, true) : error;
  }
}

/** Base64, or what Go takes for a slice of bytes too: a list of numbers. */
function bytes(value: JsonValue, goType: string): string {
  if (typeof value === "string") return normaliseBase64(value);
  if (!isJsonArray(value)) return mismatch(value, goType);
  const wrong = value.find((item) => typeof item !== "number" || !Number.isInteger(item) || item < 0 || item > 255);
  if (wrong !== undefined)
    throw new Mismatch(typeof wrong === "number" ? `number ${wrong}` : goJsonType(wrong), "uint8");
  return encodeBase64(Uint8Array.from(value, Number));
}

const BOUNDS = { int32: 2 ** 31, int64: 2 ** 63 } as const;
/** The largest double below 2^63: what becomes of greater int64s, which a double cannot tell from 2^63. */
const LARGEST = 2 ** 63 - 1024;

function integer(value: JsonValue, type: "int32" | "int64", goType: string, context: Context): number {
  if (typeof value !== "number") return mismatch(value, goType);
  const bound = BOUNDS[type];
  const fits = Number.isInteger(value) && value >= -bound && value < bound;
  if (fits && !context.exactNumbers) return value === 0 ? 0 : value; // -0 is 0
  const written = context.numberText() ?? String(value);
  if (!/^-?\d+$/.test(written)) throw new Mismatch(`number ${written}`, goType);
  if (fits) return value;
  if (value === bound && BigInt(written) < bound) return LARGEST;
  throw new Mismatch(`number ${written}`, goType);
}

function float(value: JsonValue, goType: string, context: Context): number {
  if (typeof value !== "number") return mismatch(value, goType);
  if (Number.isFinite(value)) return value;
  throw new Mismatch(`number ${context.numberText() ?? value}`, goType);
}

/** A quantity may be written as a number; then it counts as written, since `1e3` is not `1000`. */
function quantityText(value: JsonValue, context: Context): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number") return (context.exactNumbers ? context.numberText() : undefined) ?? String(value);
  return String(typeof value);
}

function canonicalQuantity(text: string): string {
  try {
    return formatQuantity(parseQuantity(text));
  } catch (error) {
    throw new DecodingError(error instanceof Error ? error.message : String(error));
  }
}
