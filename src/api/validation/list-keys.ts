import {
  isJsonArray,
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  memberOf,
} from "../../lib/json.ts";
import type { ListSchema, ObjectSchema, Schema } from "../table/schema.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";

/** Lists that are sets or maps hold each item, or each key, once. */
export function validateListKeys(schema: ObjectSchema, object: JsonObject, errors: FieldErrors): void {
  for (const [name, { schema: inner }] of schema.fields) {
    const member = memberOf(object, name);
    if (name !== "metadata" && member !== undefined) walk(inner, member, FieldPath.of(name), errors);
  }
}

function walk(schema: Schema, value: JsonValue, path: FieldPath, errors: FieldErrors): void {
  if (schema.kind === "list" && isJsonArray(value)) {
    if (schema.listType !== "atomic") validateUnique(schema, value, path, errors);
    for (const [i, item] of value.entries()) walk(schema.items, item, path.index(i), errors);
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const field = schema.kind === "object" ? schema.fields.get(name) : undefined;
      if (field) walk(field.schema, member, path.child(name), errors);
      else if (schema.kind === "map") walk(schema.values, member, path.key(name), errors);
    }
  }
}

function validateUnique(schema: ListSchema, items: JsonArray, path: FieldPath, errors: FieldErrors): void {
  const keys = schema.listType === "map" ? schema.keys : undefined;
  const stranger = keys ? items.findIndex((item) => item !== null && !isJsonObject(item)) : -1;
  if (stranger >= 0) {
    errors.invalid(path.index(stranger), items[stranger], "must be an object for an array of list-type map");
    return;
  }
  const counts = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const key = keys ? keyOf(keys, isJsonObject(item) ? item : {}) : item;
    const text = JSON.stringify(key);
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    // A third one is not told.
    if (count === 2) errors.duplicate(path.index(i), key);
  }
}

/** In the order in which Go writes maps. */
function keyOf(keys: readonly string[], item: JsonObject): JsonObject {
  const present = keys.filter((key) => memberOf(item, key) !== undefined);
  return Object.fromEntries(present.sort().map((key) => [key, memberOf(item, key)]));
}
