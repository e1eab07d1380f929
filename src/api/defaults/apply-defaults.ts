import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import type { Unstructured } from "../object.ts";
import type { Field, ListSchema, MapSchema, ObjectSchema, Schema } from "../table/schema.ts";
import type { KindInfo } from "../table/type-table.ts";
import { roundResourceList } from "./resource-list.ts";
import { RULES } from "./rules.ts";

/**
 * The object with everything filled in that Kubernetes fills in before it looks at an object: constants from the type table
 * first, then what is computed from the object itself (`rules.ts`), from the outside inwards. What other objects decide
 * (addresses, service accounts, priorities) is admission's business. Pure: parts that do not change are shared.
 */
export function applyDefaults(info: KindInfo, object: Unstructured): Unstructured {
  const { apiVersion, kind, metadata } = object;
  const filled = struct(info.schema, object);
  const { apiVersion: _v, kind: _k, metadata: changed = metadata, ...rest } = filled;
  return { kind, apiVersion, metadata: isJsonObject(changed) ? changed : metadata, ...rest };
}

function struct(schema: ObjectSchema, value: JsonObject): JsonObject {
  const draft: MutableJsonObject = { ...value };
  for (const field of schema.fields.values()) {
    if (field.default !== undefined && isUnset(field, draft[field.name])) draft[field.name] = field.default;
  }
  RULES.get(schema.name)?.(draft);
  const output: MutableJsonObject = {};
  for (const { name, schema: inner } of schema.fields.values()) {
    const member = draft[name];
    if (member !== undefined) output[name] = fill(inner, member);
  }
  if (schema.preserveUnknown) keepUnknown(schema, draft, output);
  return output;
}

function keepUnknown(schema: ObjectSchema, from: JsonObject, to: MutableJsonObject): void {
  for (const [name, member] of Object.entries(from)) {
    if (!schema.fields.has(name) && member !== undefined) setMember(to, name, member);
  }
}

/** Absent; or zero, where a type cannot tell zero from absent; or null, where null is not a value. */
function isUnset({ pointer, schema }: Field, value: JsonValue | undefined): boolean {
  if (value === undefined) return true;
  if (value === null) return schema.nullable !== true;
  return !pointer && (value === "" || value === 0 || value === false);
}

function fill(schema: Schema, value: JsonValue): JsonValue {
  switch (schema.kind) {
    case "object":
      return isJsonObject(value) ? struct(schema, value) : value;
    case "list":
      return isJsonArray(value) ? list(schema, value) : value;
    case "map":
      return isJsonObject(value) ? map(schema, value) : value;
    default:
      return value;
  }
}

function list({ items }: ListSchema, value: readonly JsonValue[]): JsonValue {
  return items.kind === "scalar" || items.kind === "any" ? value : value.map((item) => fill(items, item));
}

function map({ values, goType }: MapSchema, value: JsonObject): JsonObject {
  if (goType === "v1.ResourceList") return roundResourceList(value);
  if (values.kind === "scalar" || values.kind === "any") return value;
  const output: MutableJsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) setMember(output, name, fill(values, member));
  }
  return output;
}
