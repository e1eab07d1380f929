import { goJsonType } from "../../lib/go-format.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import { StatusError } from "../status-error.ts";

/**
 * JSON Merge Patch (RFC 7386): objects are merged, anything else is replaced, null removes. As in Kubernetes, nulls
 * within the objects of a new list are removed too.
 */
export function applyMergePatch(document: JsonObject, patch: JsonObject): JsonObject {
  const merged: MutableJsonObject = { ...document };
  for (const [name, change] of Object.entries(patch)) {
    if (change === undefined) continue;
    if (change === null) {
      delete merged[name];
      continue;
    }
    const current = Object.hasOwn(merged, name) ? merged[name] : undefined;
    setMember(merged, name, mergeValue(current, change));
  }
  return merged;
}

function mergeValue(current: JsonValue | undefined, change: JsonValue): JsonValue {
  if (isJsonObject(current) && isJsonObject(change)) return applyMergePatch(current, change);
  return withoutNulls(change);
}

function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept: MutableJsonObject = {};
  for (const [name, member] of Object.entries(value))
    if (member !== null && member !== undefined) setMember(kept, name, withoutNulls(member));
  return kept;
}

/** Reads the body of a patch request. Throws BadRequest when it is not an object. */
export function parseMergePatch(body: JsonValue): JsonObject {
  if (body === null) throw new StatusError("BadRequest", "Invalid JSON Patch");
  if (isJsonObject(body)) return body;
  throw new StatusError(
    "BadRequest",
    `error decoding patch: json: cannot unmarshal ${goJsonType(body)} into Go value of type map[string]interface {}`,
  );
}

/** The smallest merge patch that makes `after` of `before`, as long as `after` holds no null. */
export function createMergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: MutableJsonObject = {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) setMember(patch, name, null);
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    if (isJsonObject(old) && isJsonObject(value)) {
      const change = createMergePatch(old, value);
      if (Object.keys(change).length > 0) setMember(patch, name, change);
    } else if (!jsonEqual(old, value)) setMember(patch, name, value);
  }
  return patch;
}
