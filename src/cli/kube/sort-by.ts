import { formatGo } from "../../lib/go-format.ts";
import type { JsonValue } from "../../lib/json.ts";
import { relaxedPath } from "./relaxed-path.ts";

/** Sorts by the value at a path: numbers by size, texts so that `x2` comes before `x10`; what has no value comes first. */
export function sortBy<T>(items: readonly T[], path: string, objectOf: (item: T) => object | undefined): readonly T[] {
  const { find } = relaxedPath(path);
  const keyed = items.map((item) => ({ item, value: find(objectOf(item) ?? {})[0] }));
  return keyed.toSorted((a, b) => compare(a.value, b.value)).map(({ item }) => item);
}

function compare(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return compareNaturally(formatGo(a), formatGo(b));
}

/** Texts part by part: runs of digits by their number, the rest by its characters. */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = "", y = ""] = [left[i], right[i]];
    const order = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : x < y ? -1 : Number(x > y);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const partsOf = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
