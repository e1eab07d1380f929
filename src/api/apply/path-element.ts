import { encodeGoJson, formatGo, quoteGo } from "../../lib/go-format.ts";
import type { JsonObject, JsonValue } from "../../lib/json.ts";

/**
 * One step of a path to a field: by name, or into a list by the keys of an item, by its value or by its index. `id` is the
 * step as managed fields write it, in the one canonical form, so that equal steps have equal ids:
 * `f:spec`, `k:{"containerPort":80,"protocol":"TCP"}`, `v:"example.com/finalizer"`, `i:0`.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields
 */
export type PathElement =
  | { readonly kind: "field"; readonly id: string; readonly name: string }
  | { readonly kind: "key"; readonly id: string; readonly keys: readonly (readonly [name: string, value: JsonValue])[] }
  | { readonly kind: "value"; readonly id: string; readonly value: JsonValue }
  | { readonly kind: "index"; readonly id: string; readonly index: number };

export function fieldElement(name: string): PathElement {
  return { kind: "field", id: `f:${name}`, name };
}

/** The item whose fields have these values. */
export function keyElement(fields: Iterable<readonly [string, JsonValue]>): PathElement {
  const keys = [...fields].sort(([a], [b]) => compareText(a, b));
  const members = keys.map(([name, value]) => `${encodeGoJson(name)}:${encodeGoJson(value)}`);
  return { kind: "key", id: `k:{${members.join(",")}}`, keys };
}

export function valueElement(value: JsonValue): PathElement {
  return { kind: "value", id: `v:${encodeGoJson(value)}`, value };
}

/** Reads a step as managed fields write it; undefined when it is none. */
export function parsePathElement(text: string): PathElement | undefined {
  const rest = text.slice(2);
  switch (text.slice(0, 2)) {
    case "f:":
      return { kind: "field", id: text, name: rest };
    case "v:":
      return parseWith(rest, valueElement);
    case "k:":
      return parseWith(rest, (value) =>
        typeof value === "object" && value !== null && !Array.isArray(value)
          ? keyElement(Object.entries(value as JsonObject).map(([name, key]) => [name, key ?? null]))
          : undefined,
      );
    case "i:":
      return /^-?\d+$/.test(rest) ? { kind: "index", id: `i:${Number(rest)}`, index: Number(rest) } : undefined;
    default:
      return undefined;
  }
}

function parseWith(text: string, make: (value: JsonValue) => PathElement | undefined): PathElement | undefined {
  try {
    return make(JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** The step as error texts show it: `.spec`, `[name="web"]`, `[="x"]`, `[0]`. */
export function formatPathElement(element: PathElement): string {
  switch (element.kind) {
    case "field":
      return `.${element.name}`;
    case "key":
      return `[${element.keys.map(([name, value]) => `${name}=${formatValue(value)}`).join(",")}]`;
    case "value":
      return `[=${formatValue(element.value)}]`;
    case "index":
      return `[${element.index}]`;
  }
}

function formatValue(value: JsonValue): string {
  return typeof value === "string" ? quoteGo(value) : value === null ? "null" : formatGo(value);
}

const KIND_ORDER = { field: 0, key: 1, value: 2, index: 3 } as const;

/** The order in which managed fields list the steps of one level. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a.kind === "field" && b.kind === "field") return compareText(a.name, b.name);
  if (a.kind === "key" && b.kind === "key") return compareKeys(a.keys, b.keys);
  if (a.kind === "value" && b.kind === "value") return compareValues(a.value, b.value);
  if (a.kind === "index" && b.kind === "index") return a.index - b.index;
  return KIND_ORDER[a.kind] - KIND_ORDER[b.kind];
}

type Keys = readonly (readonly [string, JsonValue])[];

function compareKeys(a: Keys, b: Keys): number {
  for (const [i, [name, value]] of a.entries()) {
    const other = b[i];
    if (!other) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareValues(a: JsonValue, b: JsonValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return valueRank(a) - valueRank(b) || compareText(JSON.stringify(a), JSON.stringify(b));
}

function valueRank(value: JsonValue): number {
  if (value === null) return 4;
  if (typeof value === "number") return 0;
  if (typeof value === "string") return 1;
  return typeof value === "boolean" ? 2 : 3;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
