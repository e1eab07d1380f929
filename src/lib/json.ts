/** JSON documents as data: shared by all who read them, never changed in place. */
export type JsonValue = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}
/** An object under construction. */
export type MutableJsonObject = { [member: string]: JsonValue | undefined };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: JsonValue): value is JsonArray {
  return Array.isArray(value);
}

/** Sets a member, even one that is called `__proto__`: plain assignment would set the prototype instead. */
export function setMember(object: MutableJsonObject, name: string, value: JsonValue): void {
  if (name === "__proto__")
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

/** The member's value, undefined when there is none; never something inherited. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether two documents say the same; the order of members does not count. */
export function jsonEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isJsonArray(a)) return isJsonArray(b) && arraysEqual(a, b);
  return !isJsonArray(b) && objectsEqual(a as JsonObject, b as JsonObject);
}

function arraysEqual(a: JsonArray, b: JsonArray): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!jsonEqual(a[i], b[i])) return false;
  return true;
}

function objectsEqual(a: JsonObject, b: JsonObject): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!Object.hasOwn(b, name) || !jsonEqual(a[name], b[name])) return false;
  return true;
}

/** The value when it is an object, else an empty one: for reading documents whose shape is known. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The value when it is an array, else an empty one. */
export function arrayOf(value: JsonValue | undefined): JsonArray {
  return value !== undefined && isJsonArray(value) ? value : [];
}

/** The value when it is text, else the empty text. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
