import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from "../../lib/json.ts";
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, Schema } from "../table/schema.ts";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";

/**
 * How server-side apply sees a type: a leaf is owned as a whole; a map field by field; a list item by item.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
export type FieldType =
  | { readonly kind: "leaf" }
  | { readonly kind: "map"; readonly schema: ObjectSchema | MapSchema | AnySchema }
  | { readonly kind: "list"; readonly schema: ListSchema };

/**
 * What untyped values are: leaves as a whole (RawExtension in the built-in kinds), or maps of whatever they hold (unknown
 * fields that custom kinds preserve).
 */
export type Untyped = "leaf" | "map";

const LEAF: FieldType = { kind: "leaf" };
/** The type of what a custom kind preserves without knowing it. */
const UNKNOWN: AnySchema = { kind: "any" };

export function fieldTypeOf(schema: Schema, untyped: Untyped, value: JsonValue | undefined): FieldType {
  switch (schema.kind) {
    case "scalar":
      return LEAF;
    case "object":
    case "map":
      return schema.mapType === "atomic" ? LEAF : { kind: "map", schema };
    case "list":
      return schema.listType === "atomic" ? LEAF : { kind: "list", schema };
    case "any":
      return untyped === "map" && isJsonObject(value) ? { kind: "map", schema } : LEAF;
  }
}

/** The type of a map's member; undefined when the type does not allow it. */
export function memberTypeOf(schema: Schema, name: string): Schema | undefined {
  switch (schema.kind) {
    case "object":
      return (
        schema.fields.get(name)?.schema ?? (schema.preserveUnknown || schema.fields.size === 0 ? UNKNOWN : undefined)
      );
    case "map":
      return schema.values;
    case "any":
      return UNKNOWN;
    default:
      return undefined;
  }
}

/** Whether the type declares the member by name, as structs do and maps do not. */
export function isDeclared(schema: Schema, name: string): boolean {
  return schema.kind === "object" && schema.fields.has(name);
}

/** The members of an object; none of what is absent, null or of another sort. */
export function membersOf(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** The items of a list; none of what is absent, null or of another sort. */
export function itemsOf(value: JsonValue | undefined): JsonArray | undefined {
  return Array.isArray(value) ? value : undefined;
}

export interface ListItem {
  readonly element: PathElement;
  readonly value: JsonValue;
}

/** The items with the steps that lead to them. Items that no step can lead to are left out. */
export function listItems(schema: ListSchema, items: JsonArray | undefined): ListItem[] {
  const found: ListItem[] = [];
  for (const value of items ?? []) {
    const element = itemElement(schema, value);
    if (typeof element !== "string") found.push({ element, value });
  }
  return found;
}

/** The step that leads to an item of the list, or why there is none. */
export function itemElement(schema: ListSchema, item: JsonValue): PathElement | string {
  if (schema.listType === "map") return keyedElement(schema, item);
  if (item === null) return "associative list without keys has an element that's an explicit null";
  if (Array.isArray(item)) return "not supported: associative list with lists as elements";
  if (typeof item === "object") return "associative list without keys has an element that's a map type";
  return valueElement(item);
}

function keyedElement(schema: ListSchema, item: JsonValue): PathElement | string {
  if (item === null) return "associative list with keys may not have a null element";
  if (!isJsonObject(item)) return "associative list with keys may not have non-map elements";
  const keys: [string, JsonValue][] = [];
  for (const name of schema.keys) {
    const value = item[name] ?? defaultOf(schema.items, name);
    if (value !== undefined) keys.push([name, value]);
  }
  if (keys.length === 0) {
    const names = schema.keys.map((name) => JSON.stringify(name)).join(" ");
    return `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`;
  }
  return keyElement(keys);
}

/** What an absent key counts as: its default, else the zero value where the type cannot tell that from absent. */
function defaultOf(items: Schema, name: string): JsonValue | undefined {
  const field = items.kind === "object" ? items.fields.get(name) : undefined;
  if (!field) return undefined;
  return (field.schema.default as JsonValue | undefined) ?? zeroScalar(field);
}

function zeroScalar(field: Field): JsonValue | undefined {
  if (field.pointer || field.omitempty || field.schema.kind !== "scalar") return undefined;
  switch (field.schema.type) {
    case "int32":
    case "int64":
    case "float64":
      return 0;
    case "bool":
      return false;
    default:
      return "";
  }
}
