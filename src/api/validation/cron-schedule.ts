import { quoteGo } from "../../lib/go-format.ts";

/** Schedules of CronJobs, with the words of the parser that Kubernetes uses. https://en.wikipedia.org/wiki/Cron */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}

const numbered = (names: string, first: number): Readonly<Record<string, number>> =>
  Object.fromEntries(names.split(" ").map((name, i) => [name, first + i]));

const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: numbered("jan feb mar apr may jun jul aug sep oct nov dec", 1) },
  { min: 0, max: 6, names: numbered("sun mon tue wed thu fri sat", 0) },
];
const DESCRIPTORS = new Set(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);

/** What is wrong with the schedule; undefined when it is good. */
export function scheduleProblem(schedule: string): string | undefined {
  let text = schedule;
  const zone = /^(?:CRON_)?TZ=/.exec(schedule);
  if (zone) {
    const space = schedule.indexOf(" ");
    if (space < 0) return "invalid schedule format: runtime error: slice bounds out of range [:-1]";
    const name = schedule.slice(zone[0].length, space);
    if (!isTimeZone(name)) return `provided bad location ${name}: unknown time zone ${name}`;
    text = schedule.slice(space).trim();
  }
  if (text.startsWith("@")) return descriptorProblem(text);
  const fields = text.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== FIELDS.length)
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(" ")}]`;
  for (const [i, bounds] of FIELDS.entries()) {
    for (const range of (fields[i] ?? "").split(",")) {
      const problem = range === "" ? undefined : rangeProblem(range, bounds);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** Whether the system knows the time zone. */
export function isTimeZone(name: string): boolean {
  if (name === "" || name === "UTC" || name === "Local") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function descriptorProblem(text: string): string | undefined {
  if (DESCRIPTORS.has(text)) return undefined;
  if (!text.startsWith("@every ")) return `unrecognized descriptor: ${text}`;
  const problem = durationProblem(text.slice("@every ".length));
  return problem === undefined ? undefined : `failed to parse duration ${text}: ${problem}`;
}

/** As Go's time.ParseDuration says it. */
function durationProblem(text: string): string | undefined {
  const quoted = quoteGo(text);
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return undefined;
  if (rest === "") return `time: invalid duration ${quoted}`;
  while (rest !== "") {
    const number = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)/.exec(rest);
    if (!number) return `time: invalid duration ${quoted}`;
    rest = rest.slice(number[0].length);
    const [unit = ""] = /^[^.0-9]*/.exec(rest) ?? [];
    if (unit === "") return `time: missing unit in duration ${quoted}`;
    if (!/^(ns|us|µs|μs|ms|s|m|h)$/.test(unit)) return `time: unknown unit ${quoteGo(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return undefined;
}

/** `*`, `5`, `MON-FRI`, `10-20/5`: a range and how often in it. */
function rangeProblem(text: string, bounds: Bounds): string | undefined {
  const [range = "", stepText, ...more] = text.split("/");
  const limits = range.split("-");
  const isAll = limits[0] === "*" || limits[0] === "?";
  if (!isAll && limits.length > 2) return `too many hyphens: ${text}`;
  const values = isAll ? [bounds.min, bounds.max] : limits.map((limit) => numberOf(limit, bounds));
  const problem = values.find((value) => typeof value === "string");
  if (problem !== undefined) return problem;
  const step = stepText === undefined ? 1 : numberOf(stepText, { ...bounds, names: {} });
  if (more.length > 0) return `too many slashes: ${text}`;
  if (typeof step === "string") return step;
  const start = Number(values[0]);
  const end = limits.length === 1 && (isAll || stepText !== undefined) ? bounds.max : Number(values[1] ?? start);
  return limitProblem(start, end, step, text, bounds);
}

function limitProblem(
  start: number,
  end: number,
  step: number,
  text: string,
  { min, max }: Bounds,
): string | undefined {
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${text}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

function numberOf(text: string, { names = {} }: Bounds): number | string {
  const named = names[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^[+-]?[0-9]+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${quoteGo(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
