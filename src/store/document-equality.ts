import type { KubeObject } from "../api/object.ts";

/**
 * Whether two documents say the same, their resourceVersion aside: a write that changes nothing must make no revision.
 * A field that is `undefined` counts as absent, as it does in JSON.
 */
export function sameDocument(a: KubeObject, b: KubeObject): boolean {
  return a === b || (sameFields(a, b, "metadata") && sameFields(a.metadata, b.metadata, "resourceVersion"));
}

type JsonObject = Readonly<Record<string, unknown>>;

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  return isObject(a) && isObject(b) && !Array.isArray(b) && sameFields(a, b);
}

function sameFields(a: object, b: object, except?: string): boolean {
  for (const name in a) if (name !== except && !sameValue(field(a, name), field(b, name))) return false;
  for (const name in b) if (name !== except && field(b, name) !== undefined && !Object.hasOwn(a, name)) return false;
  return true;
}

/** Only an object's own field: a label may be called `constructor`. */
function field(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as JsonObject)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
