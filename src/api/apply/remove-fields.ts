import {
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import type { ListSchema, Schema } from "../table/schema.ts";
import type { FieldSet } from "./field-set.ts";
import { fieldTypeOf, isDeclared, itemElement, memberTypeOf, type Untyped } from "./field-type.ts";
import { FieldSet as Fields, type FieldSetChild } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

/** The object without these fields. A map or list that loses its last member becomes null. */
export function removeFields(value: JsonValue, fields: FieldSet, schema: Schema, untyped: Untyped): JsonValue {
  const type = fieldTypeOf(schema, untyped, value);
  if (type.kind === "map" && isJsonObject(value)) return removeMembers(value, fields, type.schema, untyped);
  if (type.kind === "list" && Array.isArray(value)) return removeItems(value, fields, type.schema, untyped);
  return value;
}

function removeMembers(value: JsonObject, fields: FieldSet, schema: Schema, untyped: Untyped): JsonValue {
  const kept: MutableJsonObject = {};
  let any = false;
  for (const [name, member] of Object.entries(value)) {
    const { id } = fieldElement(name);
    if (member === undefined || fields.members.has(id)) continue;
    const below = fields.children.get(id)?.set;
    const type = memberTypeOf(schema, name);
    setMember(kept, name, below && type && !below.isEmpty ? removeFields(member, below, type, untyped) : member);
    any = true;
  }
  return any ? kept : null;
}

function removeItems(items: JsonArray, fields: FieldSet, schema: ListSchema, untyped: Untyped): JsonValue {
  const kept: JsonValue[] = [];
  for (const item of items) {
    const element = itemElement(schema, item);
    if (typeof element === "string") {
      kept.push(item);
      continue;
    }
    if (fields.members.has(element.id)) continue;
    const below = fields.below(element);
    kept.push(below.isEmpty ? item : removeFields(item, below, schema.items, untyped));
  }
  return kept.length > 0 ? kept : null;
}

/**
 * The set with the declared fields on the way to its members: who owns `.spec.replicas` has a say in whether there is a
 * `.spec`. Members of maps and items of lists are not added, they come and go by themselves.
 */
export function withDeclaredParents(fields: FieldSet, schema: Schema | undefined): FieldSet {
  const members = new Map(fields.members);
  const children = new Map<string, FieldSetChild>();
  for (const [id, { element, set }] of fields.children) {
    if (element.kind === "field" && schema && isDeclared(schema, element.name)) members.set(id, element);
    children.set(id, { element, set: withDeclaredParents(set, typeBelow(schema, element)) });
  }
  return new Fields(members, children);
}

function typeBelow(schema: Schema | undefined, element: FieldSetChild["element"]): Schema | undefined {
  if (!schema) return undefined;
  if (element.kind === "field") return memberTypeOf(schema, element.name);
  return element.kind === "key" && schema.kind === "list" ? schema.items : undefined;
}
