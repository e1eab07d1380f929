import { quoteGo } from "../../lib/go-format.ts";
import { formatTimestamp, parseTimestamp } from "../../lib/timestamp.ts";
import { DecodingError } from "./decoding-error.ts";

/**
 * Times as Kubernetes reads and writes them (RFC 3339), with the errors of Go's time.Parse. Written without Date, whose
 * parser takes much that Go refuses.
 */

const SECONDS_LAYOUT = "2006-01-02T15:04:05Z07:00";
const DATE = "2006-01-02".length;
const MINUTES_AND_SECONDS = ":04:05".length;
const MICROS_LAYOUT = "2006-01-02T15:04:05.000000Z07:00";

/** Normalises a `metav1.Time`: UTC, whole seconds. Throws DecodingError. */
export function normaliseTime(text: string): string {
  // Nearly every time comes from a server and is normal already.
  if (/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.test(text)) return text;
  return format(new TimeParser(text, SECONDS_LAYOUT, false).parse(), false);
}

/** Normalises a `metav1.MicroTime`: UTC, exactly six digits of the second. Throws DecodingError. */
export function normaliseMicroTime(text: string): string {
  return format(new TimeParser(text, MICROS_LAYOUT, true).parse(), true);
}

interface Moment {
  /** Since 1970, UTC. */
  readonly seconds: number;
  readonly micros: number;
}

function format({ seconds, micros }: Moment, withMicros: boolean): string {
  const text = formatTimestamp(seconds * 1000);
  return withMicros ? `${text.slice(0, -1)}.${String(micros).padStart(6, "0")}Z` : text;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** One time.Parse: the layout's elements in order, each taking its part of the text or failing with Go's words. */
class TimeParser {
  readonly #text: string;
  readonly #layout: string;
  readonly #needsMicros: boolean;
  #at = 0;

  constructor(text: string, layout: string, needsMicros: boolean) {
    this.#text = text;
    this.#layout = layout;
    this.#needsMicros = needsMicros;
  }

  parse(): Moment {
    const year = this.#number("2006", 4);
    this.#literal("-");
    const month = this.#number("01", 2);
    if (month < 1 || month > 12) this.#outOfRange("month");
    this.#literal("-");
    const day = this.#number("02", 2);
    this.#literal("T");
    const hour = this.#hour();
    const minutes = this.#text.slice(this.#at, this.#at + MINUTES_AND_SECONDS);
    this.#literal(":");
    if (this.#number("04", 2) > 59) this.#outOfRange("minute");
    this.#literal(":");
    if (this.#number("05", 2) > 59) this.#outOfRange("second");
    const micros = this.#fraction();
    const offset = this.#zone();
    if (this.#at < this.#text.length) this.#fail(`: extra text: ${quoteGo(this.#rest())}`);
    if (day < 1 || day > daysInMonth(year, month)) this.#outOfRange("day");
    const local = parseTimestamp(`${this.#text.slice(0, DATE)}T${hour}${minutes}Z`) ?? 0;
    return { seconds: local / 1000 - offset, micros };
  }

  #number(element: string, digits: number): number {
    const part = this.#text.slice(this.#at, this.#at + digits);
    if (!/^\d+$/.test(part) || part.length < digits) this.#cannot(element);
    this.#at += digits;
    return Number(part);
  }

  /** Two digits; Go takes one too. */
  #hour(): string {
    const digits = /^\d\d?/.exec(this.#rest())?.[0] ?? this.#cannot("15");
    if (Number(digits) > 23) this.#outOfRange("hour");
    this.#at += digits.length;
    return digits.padStart(2, "0");
  }

  #literal(char: string): void {
    if (this.#text[this.#at] !== char) this.#cannot(char);
    this.#at++;
  }

  /** Microseconds. Go takes a fraction after the seconds whether the layout has one or not, and a comma for a point. */
  #fraction(): number {
    const match = (this.#needsMicros ? /^[.,](\d{6})/ : /^[.,](\d+)/).exec(this.#rest());
    if (!match) return this.#needsMicros ? this.#cannot(".000000") : 0;
    const [all, digits = ""] = match;
    this.#at += all.length;
    return Number(digits.slice(0, 6).padEnd(6, "0"));
  }

  /** Seconds east of UTC. */
  #zone(): number {
    if (this.#text[this.#at] === "Z") {
      this.#at++;
      return 0;
    }
    const match = /^([+-])(\d\d):(\d\d)/.exec(this.#rest());
    if (!match) return this.#cannot("Z07:00");
    const [all, sign, hours, minutes] = match;
    if (Number(hours) > 24) this.#outOfRange("time zone offset hour");
    if (Number(minutes) > 60) this.#outOfRange("time zone offset minute");
    this.#at += all.length;
    return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  }

  #rest(): string {
    return this.#text.slice(this.#at);
  }

  #cannot(element: string): never {
    throw new DecodingError(
      `parsing time ${quoteGo(this.#text)} as ${quoteGo(this.#layout)}: ` +
        `cannot parse ${quoteGo(this.#rest())} as ${quoteGo(element)}`,
    );
  }

  #outOfRange(element: string): never {
    return this.#fail(`: ${element} out of range`);
  }

  #fail(what: string): never {
    throw new DecodingError(`parsing time ${quoteGo(this.#text)}${what}`);
  }
}
