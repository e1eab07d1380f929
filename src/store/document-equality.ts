import type { KubeObject } from "../api/object.ts";

/**
 * Whether two documents say the same, their resourceVersion aside: a write that changes nothing must make no revision.
 * A field that is `undefined` counts as absent, as it does in JSON.
 */
export function sameDocument(a: KubeObject, b: KubeObject): boolean {
  if (a === b) return true;
  const left = a as JsonObject;
  const right = b as JsonObject;
  return sameFields(left, right, "metadata") && sameMetadata(left["metadata"], right["metadata"]);
}

type JsonObject = Readonly<Record<string, unknown>>;

function sameMetadata(a: unknown, b: unknown): boolean {
  return isObject(a) && isObject(b) ? sameFields(a, b, "resourceVersion") : sameValue(a, b);
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  return isObject(a) && isObject(b) && !Array.isArray(b) && sameFields(a, b);
}

function sameFields(a: JsonObject, b: JsonObject, except?: string): boolean {
  for (const name in a) if (name !== except && !sameValue(a[name], b[name])) return false;
  for (const name in b) if (name !== except && b[name] !== undefined && a[name] === undefined) return false;
  return true;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}
