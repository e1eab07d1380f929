import { AppError } from "./app-error.ts";

/** How a quantity was written, and so how it is printed: `12M`, `12Mi`, `12e6`. */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

/**
 * An amount of a resource, exact: `unscaled × 10^exponent`. Nothing finer than 1n exists (finer values are rounded away
 * from zero when parsed).
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export interface Quantity {
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
  /** The written form, where Kubernetes prints that instead of the canonical one (`1e3`, `+5`, `100Mi`). */
  readonly text?: string;
}

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
const WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER = "unable to parse numeric part of quantity";
const WRONG_SUFFIX = "unable to parse quantity's suffix";

const NANO = -9;
const MAX_INT64 = 2n ** 63n - 1n;
/** Digits that an int64 holds for certain; a number with more is never printed as it was written. */
const INT64_DIGITS = 18;
/** Beyond this a decimal exponent is refused, so that nobody makes the server compute with numbers of a billion digits. */
const MAX_EXPONENT = 1000;

const DECIMAL_SUFFIXES: readonly string[] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

interface Suffix {
  readonly format: QuantityFormat;
  /** Power of ten, or of two for BinarySI. */
  readonly power: number;
}

const SUFFIXES: ReadonlyMap<string, Suffix> = new Map<string, Suffix>([
  ...DECIMAL_SUFFIXES.map((suffix, i): [string, Suffix] => [suffix, { format: "DecimalSI", power: i * 3 + NANO }]),
  ...BINARY_SUFFIXES.slice(1).map((suffix, i): [string, Suffix] => [
    suffix,
    { format: "BinarySI", power: (i + 1) * 10 },
  ]),
]);

/** Reads a quantity; throws AppError `InvalidQuantity` with Kubernetes' text when it is not one. */
export function parseQuantity(text: string): Quantity {
  const match = text === "" ? null : SHAPE.exec(text);
  if (!match) throw invalid(WRONG_FORMAT);
  const [, sign, digits = "", fraction = "", suffixText = ""] = match;
  const suffix = readSuffix(suffixText);
  const whole = digits.replace(/^0+/, "") || "0";
  const magnitude = BigInt(whole + fraction);
  const signed = sign === "-" ? -magnitude : magnitude;

  if (suffix.format === "BinarySI") return parseBinary(text, signed, digits, fraction, suffix.power);
  const exponent = suffix.power - fraction.length;
  if (whole.length + fraction.length > INT64_DIGITS || exponent < NANO)
    return { ...roundToNano(requireDigits(signed, digits + fraction), exponent), format: suffix.format };
  const shifted = whole + fraction;
  const canonical = exponent % 3 === 0 && !shifted.endsWith("000") && !shifted.startsWith("0");
  return { unscaled: signed, exponent, format: suffix.format, ...(canonical && { text }) };
}

function readSuffix(text: string): Suffix {
  const known = SUFFIXES.get(text);
  if (known) return known;
  if (!/^[eE][-+]?\d+$/.test(text)) throw invalid(WRONG_SUFFIX);
  const power = Number(text.slice(1));
  if (Math.abs(power) > MAX_EXPONENT) throw invalid(WRONG_SUFFIX);
  return { format: "DecimalExponent", power };
}

/** Kubernetes reads `Mi` as 0 where it computes with an int64, and only elsewhere misses the digits. */
function requireDigits(value: bigint, digits: string): bigint {
  if (digits === "") throw invalid(WRONG_NUMBER);
  return value;
}

function parseBinary(text: string, signed: bigint, digits: string, fraction: string, power: number): Quantity {
  const whole = digits.replace(/^0+/, "") || "0";
  const exact = { unscaled: signed << BigInt(power), exponent: -fraction.length };
  // 2^power has about power × 3/10 digits: 100Mi is 3 + 6 digits.
  if (fraction === "" && whole.length + (power * 3) / 10 <= 14) {
    const written = (signed & 7n) !== 0n;
    return { ...exact, format: "BinarySI", ...(written && { text }) };
  }
  const rounded = roundToNano(requireDigits(exact.unscaled, digits + fraction), exact.exponent);
  const capped = compareAbsolute(rounded, MAX_INT64) > 0;
  if (capped) return { unscaled: signed < 0n ? -MAX_INT64 : MAX_INT64, exponent: 0, format: "BinarySI" };
  return { ...rounded, format: signed !== 0n && compareAbsolute(rounded, 1n) < 0 ? "DecimalSI" : "BinarySI" };
}

function roundToNano(unscaled: bigint, exponent: number): { unscaled: bigint; exponent: number } {
  if (exponent >= NANO) return { unscaled, exponent };
  return { unscaled: divideAwayFromZero(unscaled, 10n ** BigInt(NANO - exponent)), exponent: NANO };
}

function divideAwayFromZero(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (quotient * divisor === value) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function compareAbsolute(amount: { unscaled: bigint; exponent: number }, whole: bigint): number {
  const absolute = amount.unscaled < 0n ? -amount.unscaled : amount.unscaled;
  return compareAt(absolute, amount.exponent, whole, 0);
}

function compareAt(a: bigint, aExponent: number, b: bigint, bExponent: number): number {
  const low = Math.min(aExponent, bExponent);
  const left = a * 10n ** BigInt(aExponent - low);
  const right = b * 10n ** BigInt(bExponent - low);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function invalid(message: string): AppError {
  return new AppError("InvalidQuantity", message);
}

/** Whether `text` is a quantity. */
export function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

/** A whole number of units. */
export function quantityOf(value: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { unscaled: BigInt(value), exponent: 0, format };
}

/** The form in which Kubernetes prints the quantity: `1500m`, `1Gi`, `12e6`. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.unscaled === 0n) return "0";
  const whole = quantity.format === "BinarySI" ? wholeUnits(quantity) : undefined;
  if (whole !== undefined && (whole <= -1024n || whole >= 1024n)) return formatBinary(whole);
  return formatDecimal(quantity);
}

/** The value when it has no fraction. */
function wholeUnits({ unscaled, exponent }: Quantity): bigint | undefined {
  if (exponent >= 0) return unscaled * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return unscaled % divisor === 0n ? unscaled / divisor : undefined;
}

function formatBinary(value: bigint): string {
  let times = 0;
  let rest = value;
  while (rest % 1024n === 0n && times < BINARY_SUFFIXES.length - 1) {
    rest /= 1024n;
    times++;
  }
  return `${rest}${BINARY_SUFFIXES[times] ?? ""}`;
}

function formatDecimal({ unscaled, exponent, format }: Quantity): string {
  let mantissa = unscaled;
  let power = exponent;
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    power++;
  }
  const highest = format === "DecimalExponent" ? Number.POSITIVE_INFINITY : (DECIMAL_SUFFIXES.length - 1) * 3 + NANO;
  const printed = Math.min(Math.floor(power / 3) * 3, highest);
  mantissa *= 10n ** BigInt(power - printed);
  if (format !== "DecimalExponent") return `${mantissa}${DECIMAL_SUFFIXES[(printed - NANO) / 3] ?? ""}`;
  return printed === 0 ? `${mantissa}` : `${mantissa}e${printed}`;
}

/** Less than 0, 0 or more than 0, as `a` is less than, equal to or more than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return compareAt(a.unscaled, a.exponent, b.unscaled, b.exponent);
}

/** The sum, in the format of `a` (of `b` when `a` is zero). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const exponent = Math.min(a.exponent, b.exponent);
  const unscaled =
    a.unscaled * 10n ** BigInt(a.exponent - exponent) + b.unscaled * 10n ** BigInt(b.exponent - exponent);
  return { unscaled, exponent, format: a.unscaled === 0n ? b.format : a.format };
}

/** `a - b`, in the format of `a` (of `b` when `a` is zero). */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, unscaled: -b.unscaled });
}

/** The value in units of 10^`exponent` (-3: thousandths), rounded away from zero: `1500m` is 2 units. */
export function scaledValue(quantity: Quantity, exponent = 0): bigint {
  const shift = quantity.exponent - exponent;
  if (shift >= 0) return quantity.unscaled * 10n ** BigInt(shift);
  return divideAwayFromZero(quantity.unscaled, 10n ** BigInt(-shift));
}
