import {
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  setMember,
} from "./json.ts";

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

const ESCAPED: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** A text as Go's `%q` (strconv.Quote) prints it. */
export function quoteGo(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  let quoted = "";
  for (const char of text) quoted += ESCAPED[char] ?? (isPrintable(char) ? char : escapeRune(char));
  return `"${quoted}"`;
}

/** Go prints letters, marks, numbers, punctuation, symbols and the plain space. */
function isPrintable(char: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char);
}

function escapeRune(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  // A lone surrogate cannot be in a Go string; what stands for it is.
  if (code >= 0xd800 && code < 0xe000) return "\ufffd";
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/**
 * A document as Go's encoding/json writes it: members sorted, and escaped what HTML would take for its own. With `indent`
 * spaces a level on lines of its own, else on one line.
 */
export function encodeGoJson(value: JsonValue, indent = 0): string {
  const text = JSON.stringify(value, (_, member: JsonValue) => sortMembers(member), indent);
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeUnit) : text;
}

function sortMembers(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const sorted: MutableJsonObject = {};
  for (const name of Object.keys(value).sort()) setMember(sorted, name, value[name] ?? null);
  return sorted;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
