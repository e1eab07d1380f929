import type { JsonArray, JsonObject, JsonValue } from "./json.ts";

/** A document as Go's `%v` prints it, which Kubernetes does in some error texts: `map[image:x ports:[80 81]]`. */
export function formatGo(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "string") return value;
  if (typeof value !== "object") return String(value);
  return Array.isArray(value) ? formatArray(value) : formatMap(value as JsonObject);
}

function formatArray(values: JsonArray): string {
  return `[${values.map(formatGo).join(" ")}]`;
}

function formatMap(object: JsonObject): string {
  const members = Object.keys(object)
    .sort()
    .map((name) => `${name}:${formatGo(object[name])}`);
  return `map[${members.join(" ")}]`;
}

/** What Go's encoding/json calls the type of a JSON value in its errors. */
export function goJsonType(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
