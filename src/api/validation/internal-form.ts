import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
  type MutableJsonObject,
  objectOf,
  setMember,
} from "../../lib/json.ts";
import internalTypes from "../facts/internal-types.json" with { type: "json" };

/**
 * The API server's own form of objects, which some of its errors show: Go names, every field with its zero value, inlined
 * structs flattened (pkg/apis of Kubernetes). Each field is told as `GoName jsonName type`; `-` stands for no name, `^` for
 * a field of the enclosing object, `*`, `[]` and `map:` in front of a type for pointers, lists and maps, `=` for types
 * that look the same in both forms.
 */
const TYPES: Readonly<Record<string, readonly string[]>> = internalTypes;

export type InternalType = keyof typeof internalTypes;

/** @param enclosing the object of which `value` is a field, where the type takes fields from it */
export function internalForm(type: InternalType, value: object, enclosing: object = {}): JsonObject {
  return structForm(type, value as JsonObject, enclosing as JsonObject);
}

function structForm(type: string, value: JsonObject, enclosing: JsonObject): JsonObject {
  const result: MutableJsonObject = {};
  for (const row of TYPES[type] ?? []) {
    const [goName = "", jsonName = "", fieldType = ""] = row.split(" ");
    if (jsonName.startsWith("^")) result[goName] = form(fieldType, memberOf(enclosing, jsonName.slice(1)), value);
    else if (goName !== "-") result[goName] = form(fieldType, memberOf(value, jsonName), value);
    else Object.assign(result, objectOf(jsonName === "-" ? structForm(fieldType, value, value) : value[jsonName]));
  }
  return result;
}

function form(type: string, value: JsonValue | undefined, enclosing: JsonObject): JsonValue {
  if (type.startsWith("*")) return value === undefined || value === null ? null : form(type.slice(1), value, enclosing);
  if (type.startsWith("[]")) return listForm(type.slice(2), value);
  if (type.startsWith("map:")) return mapForm(type.slice(4), value);
  if (TYPES[type]) return structForm(type, objectOf(value), enclosing);
  return value ?? ZEROS[type] ?? null;
}

const ZEROS: Readonly<Record<string, JsonValue>> = {
  string: "",
  number: 0,
  bool: false,
  "=IntOrString": 0,
  "=Quantity": "0",
  "=LabelSelector": {},
};

function listForm(type: string, value: JsonValue | undefined): JsonValue {
  return value === undefined || !isJsonArray(value) ? null : value.map((item) => form(type, item, {}));
}

function mapForm(type: string, value: JsonValue | undefined): JsonValue {
  if (!isJsonObject(value)) return null;
  const result: MutableJsonObject = {};
  for (const name of Object.keys(value).sort()) setMember(result, name, form(type, memberOf(value, name), {}));
  return result;
}
