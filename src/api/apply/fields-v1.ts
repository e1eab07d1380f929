import { isJsonObject, type JsonObject, type JsonValue, type MutableJsonObject } from "../../lib/json.ts";
import { FieldSet, type FieldSetChild, sorted } from "./field-set.ts";
import { parsePathElement, type PathElement } from "./path-element.ts";

/** The member that says that the field itself belongs to the set, where something below it does too. */
const SELF = ".";

/**
 * Reads a set as `metadata.managedFields[].fieldsV1` holds it. Steps of an unknown sort are left out, as Kubernetes does;
 * undefined when it is no such set at all.
 */
export function parseFieldsV1(value: JsonValue | undefined): FieldSet | undefined {
  if (!isJsonObject(value)) return value === undefined || value === null ? new FieldSet() : undefined;
  const members = new Map<string, PathElement>();
  const children = new Map<string, FieldSetChild>();
  for (const [text, below] of Object.entries(value)) {
    if (text === SELF) continue;
    const element = parsePathElement(text);
    if (!element) continue;
    const set = parseFieldsV1(below ?? null);
    if (!set) return undefined;
    const leaf = set.members.size === 0 && set.children.size === 0;
    if (leaf || (isJsonObject(below) && Object.hasOwn(below, SELF))) members.set(element.id, element);
    if (!leaf) children.set(element.id, { element, set });
  }
  return new FieldSet(members, children);
}

/** Writes a set, steps in Kubernetes' order. */
export function formatFieldsV1(set: FieldSet): JsonObject {
  return formatLevel(set, false);
}

function formatLevel(set: FieldSet, self: boolean): JsonObject {
  const fields: MutableJsonObject = {};
  if (self && (set.members.size > 0 || set.children.size > 0)) fields[SELF] = {};
  const elements = new Map(set.members);
  for (const [id, child] of set.children) elements.set(id, child.element);
  for (const { id } of sorted(elements.values())) {
    const child = set.children.get(id);
    if (!child) fields[id] = {};
    else if (!child.set.isEmpty || set.members.has(id)) fields[id] = formatLevel(child.set, set.members.has(id));
  }
  return fields;
}
