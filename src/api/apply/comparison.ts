import { type JsonArray, type JsonObject, type JsonValue, jsonEqual, memberOf } from "../../lib/json.ts";
import type { ListSchema, Schema } from "../table/schema.ts";
import { FieldSet, type Path } from "./field-set.ts";
import { fieldTypeOf, isDeclared, itemsOf, listItems, memberTypeOf, membersOf, type Untyped } from "./field-type.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/** What a write did to the fields of an object. No field is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
  /** A list has items that cannot be told apart: Kubernetes then gives up on the object's managed fields. */
  readonly malformed?: boolean;
}

/** Compares two states of an object of the type. */
export function compareFields(before: JsonValue, after: JsonValue, schema: Schema, untyped: Untyped): Comparison {
  const comparer = new Comparer(untyped);
  comparer.compare(before, after, schema, []);
  return comparer;
}

class Comparer implements Comparison {
  readonly added: FieldSet = new FieldSet();
  readonly modified: FieldSet = new FieldSet();
  readonly removed: FieldSet = new FieldSet();
  malformed = false;
  readonly #untyped: Untyped;

  constructor(untyped: Untyped) {
    this.#untyped = untyped;
  }

  compare(before: JsonValue | undefined, after: JsonValue | undefined, schema: Schema, path: Path): void {
    if (before === after) return;
    const type = fieldTypeOf(schema, this.#untyped, after ?? before);
    // What is empty on both sides is a leaf, so that empty and absent stay two things.
    const below =
      (type.kind === "map" && this.#compareMembers(type.schema, membersOf(before), membersOf(after), path)) ||
      (type.kind === "list" && this.#compareItems(type.schema, itemsOf(before), itemsOf(after), path));
    if (below || before === undefined || after === undefined) this.#compareWhole(before, after, path);
    else if (!jsonEqual(before, after)) this.modified.add(path);
  }

  /** False when there is nothing on either side. */
  #compareMembers(schema: Schema, before: JsonObject | undefined, after: JsonObject | undefined, path: Path): boolean {
    const names = namesOf(before, after);
    for (const name of names) {
      const type = memberTypeOf(schema, name);
      if (!type) continue;
      const member = [before && memberOf(before, name), after && memberOf(after, name)] as const;
      this.compare(...member, type, [...path, fieldElement(name)]);
    }
    return names.length > 0;
  }

  /** A field that came or went is itself added or removed, besides what is below it. */
  #compareWhole(before: JsonValue | undefined, after: JsonValue | undefined, path: Path): void {
    if (before === undefined) this.added.add(path);
    else if (after === undefined) this.removed.add(path);
  }

  #compareItems(schema: ListSchema, before: JsonArray | undefined, after: JsonArray | undefined, path: Path): boolean {
    const left = groupItems(schema, before);
    const right = groupItems(schema, after);
    for (const [id, { element, values }] of left)
      this.#compareGroup(schema, values, right.get(id)?.values ?? [], [...path, element]);
    for (const [id, { element, values }] of right)
      if (!left.has(id)) this.#compareGroup(schema, [], values, [...path, element]);
    if (sizeOf(left) < (before?.length ?? 0) || sizeOf(right) < (after?.length ?? 0)) this.malformed = true;
    return Boolean(before?.length || after?.length);
  }

  /** Items of one key. Several are a mistake in the object, and then are owned together, as a leaf. */
  #compareGroup(schema: ListSchema, before: JsonArray, after: JsonArray, path: Path): void {
    if (before.length <= 1 && after.length <= 1) {
      this.compare(before[0], after[0], schema.items, path);
    } else if (before.length >= 2 && after.length >= 2) {
      if (!jsonEqual(before, after)) this.modified.add(path);
    } else if (before.length >= 2) {
      if (after.length > 0) this.compare(undefined, after[0], schema.items, path);
      this.removed.add(path);
    } else {
      if (before.length > 0) this.compare(before[0], undefined, schema.items, path);
      this.added.add(path);
    }
  }
}

function namesOf(left: JsonObject | undefined, right: JsonObject | undefined): string[] {
  const names = Object.keys(right ?? {});
  if (!left) return names;
  for (const name of Object.keys(left)) if (!right || !Object.hasOwn(right, name)) names.push(name);
  return names;
}

interface Group {
  readonly element: PathElement;
  readonly values: JsonValue[];
}

function sizeOf(groups: ReadonlyMap<string, Group>): number {
  let size = 0;
  for (const { values } of groups.values()) size += values.length;
  return size;
}

function groupItems(schema: ListSchema, items: JsonArray | undefined): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const { element, value } of listItems(schema, items)) {
    const group = groups.get(element.id);
    if (group) group.values.push(value);
    else groups.set(element.id, { element, values: [value] });
  }
  return groups;
}

/** Every field that the object mentions: leaves, items, and members of maps. */
export function fieldsOf(value: JsonValue, schema: Schema, untyped: Untyped): FieldSet {
  const set = new FieldSet();
  collect(set, value, schema, untyped, []);
  return set;
}

function collect(set: FieldSet, value: JsonValue, schema: Schema, untyped: Untyped, path: Path): void {
  const type = fieldTypeOf(schema, untyped, value);
  switch (type.kind) {
    case "leaf":
      return set.add(path);
    case "map":
      for (const [name, member] of Object.entries(membersOf(value) ?? {})) {
        const memberType = memberTypeOf(type.schema, name);
        if (member === undefined || !memberType) continue;
        const memberPath = [...path, fieldElement(name)];
        collect(set, member, memberType, untyped, memberPath);
        if (member === null || isEmptyMap(member) || !isDeclared(type.schema, name)) set.add(memberPath);
      }
      return;
    case "list":
      for (const { element, values } of groupItems(type.schema, itemsOf(value)).values()) {
        const itemPath = [...path, element];
        const [only] = values;
        if (values.length === 1 && only !== undefined) collect(set, only, type.schema.items, untyped, itemPath);
        set.add(itemPath);
      }
  }
}

function isEmptyMap(value: JsonValue): boolean {
  const members = membersOf(value);
  return members !== undefined && Object.keys(members).length === 0;
}
