import { formatAge } from "../../lib/age.ts";
import { isJsonObject, type JsonValue } from "../../lib/json.ts";
import { AppError } from "../../lib/app-error.ts";
import { formatLabelSelector, type LabelSelectorObject, labelSelectorOf } from "../../lib/label-selector.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import type { KubeObject } from "../object.ts";

/** One cell of a row: what a column shows of an object at a time (milliseconds since the epoch). */
export type Cell = (object: KubeObject, now: number) => JsonValue;

export const NONE = "<none>";
export const UNSET = "<unset>";
export const UNKNOWN = "<unknown>";

/** The value at a path of member names; undefined when there is none. */
export function valueAt(object: unknown, path: readonly string[]): JsonValue | undefined {
  let value = object;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value as JsonValue | undefined;
}

/** A reader of the value at a path: `spec.template.spec`. */
export function at(path: string): (object: unknown) => JsonValue | undefined {
  const names = path.split(".");
  return (object) => valueAt(object, names);
}

export function listAt(path: string): (object: unknown) => readonly JsonValue[] {
  const read = at(path);
  return (object) => {
    const value = read(object);
    return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  };
}

/** The members of a map of texts. */
export function textsAt(path: string): (object: unknown) => Readonly<Record<string, string>> {
  const read = at(path);
  return (object) => {
    const value = read(object);
    return isJsonObject(value) ? (value as Readonly<Record<string, string>>) : {};
  };
}

export function asText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The text at a path; `absent` when there is no value. */
export function text(path: string, absent = ""): Cell {
  const read = at(path);
  return (object) => {
    const value = read(object);
    return value === undefined || value === null ? absent : asText(value);
  };
}

/** The text at a path; `empty` when it is empty too. */
export function textOr(path: string, empty: string): Cell {
  const read = at(path);
  return (object) => asText(read(object)) || empty;
}

export function integer(path: string): Cell {
  const read = at(path);
  return (object) => numberOf(read(object));
}

export function numberOf(value: JsonValue | undefined, absent = 0): number {
  return typeof value === "number" ? value : absent;
}

export function boolean(path: string, absent = false): Cell {
  const read = at(path);
  return (object) => {
    const value = read(object);
    return typeof value === "boolean" ? value : absent;
  };
}

/** How many items the list at a path has. */
export function count(path: string): Cell {
  const read = listAt(path);
  return (object) => read(object).length;
}

/** How long ago a timestamp was: `5m`. */
export function since(timestamp: JsonValue | undefined, now: number): string {
  const time = typeof timestamp === "string" ? parseTimestamp(timestamp) : undefined;
  return time === undefined ? UNKNOWN : formatAge(now - time);
}

/** How long ago the timestamp at a path was; `absent` when there is none. */
export function ago(path: string, absent: string = UNKNOWN): Cell {
  const read = at(path);
  return (object, now) => {
    const value = read(object);
    return value === undefined || value === null ? absent : since(value, now);
  };
}

export const name: Cell = (object) => object.metadata.name;
export const age: Cell = (object, now) => since(object.metadata.creationTimestamp, now);
/** The time of creation itself, of kinds without columns of their own. */
export const created: Cell = (object) => object.metadata.creationTimestamp;

/** `a=1,b=2`, sorted. */
export function labels(path: string): Cell {
  const read = textsAt(path);
  return (object) => formatLabels(read(object));
}

export function formatLabels(map: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(map).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(",") || NONE;
}

/** A LabelSelector at a path, in its text form. */
export function selector(path: string, options: { readonly empty: string; readonly invalid: string }): Cell {
  const read = at(path);
  return (object) => {
    const value = read(object);
    try {
      const parsed = labelSelectorOf(isJsonObject(value) ? (value as LabelSelectorObject) : undefined);
      return formatLabelSelector(parsed) || options.empty;
    } catch (error) {
      if (error instanceof AppError) return options.invalid;
      throw error;
    }
  };
}

/** The first `max` texts, and how many more there are: `a,b,c + 2 more...` */
export function firstOf(texts: readonly string[], max: number, separator: string, empty: string): string {
  const shown = texts.slice(0, max).join(separator);
  if (texts.length > max) return `${shown} + ${texts.length - max} more...`;
  return shown || empty;
}
