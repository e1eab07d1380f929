/**
 * RFC 3339 timestamps, as the API writes them, to and from milliseconds since the Unix epoch. Pure arithmetic on the
 * Gregorian calendar, so that planners (which have no clock) can use it.
 */

const MS_A_DAY = 86_400_000;
const SHAPE = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Milliseconds since the epoch (fractions of a millisecond are cut off), or undefined when `text` is no timestamp. */
export function parseTimestamp(text: string | undefined): number | undefined {
  const match = text === undefined ? null : SHAPE.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hours, minutes, seconds, fraction = "", sign, offsetHours, offsetMinutes] = match;
  const offset = sign ? (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === "-" ? -1 : 1) : 0;
  const ofDay = (Number(hours) * 60 + Number(minutes) - offset) * 60_000 + Number(seconds) * 1000;
  return (
    daysSinceEpoch(Number(year), Number(month), Number(day)) * MS_A_DAY + ofDay + Number(`${fraction}000`.slice(0, 3))
  );
}

/** `2026-01-31T09:05:07Z`: metav1.Time, whole seconds, rounded down. */
export function formatTimestamp(ms: number): string {
  return `${formatSeconds(ms)}Z`;
}

/** `2026-01-31T09:05:07.123000Z`: metav1.MicroTime. */
export function formatMicroTimestamp(ms: number): string {
  const micros = Math.floor((((ms % 1000) + 1000) % 1000) * 1000);
  return `${formatSeconds(ms)}.${String(micros).padStart(6, "0")}Z`;
}

function formatSeconds(ms: number): string {
  const days = Math.floor(ms / MS_A_DAY);
  const seconds = Math.floor((ms - days * MS_A_DAY) / 1000);
  const { year, month, day } = dateOf(days);
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return `${date}T${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/*
 * Days are counted in years that begin on 1 March, so that the leap day is the last of its year, in eras of 400 years
 * (146,097 days). (153 m + 2) / 5 is the number of days before the m-th month after March: 0, 31, 61, 92, …
 */
const DAYS_AN_ERA = 146_097;
const EPOCH = 719_468; // days from 0000-03-01 to 1970-01-01

function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_AN_ERA + dayOfEra - EPOCH;
}

function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + EPOCH;
  const era = Math.floor(shifted / DAYS_AN_ERA);
  const dayOfEra = shifted - era * DAYS_AN_ERA;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / (DAYS_AN_ERA - 1));
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}
