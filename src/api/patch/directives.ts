import {
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import { badElementOrder, badPrimitiveList } from "./patch-error.ts";

/**
 * The members of a strategic merge patch that are instructions.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */

/** `delete`, `replace` or `merge` the object (or, within a list, the whole list) that it stands in. */
export const PATCH = "$patch";
/** The only members that the object may keep. */
export const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM_LIST = "$deleteFromPrimitiveList";
const ELEMENT_ORDER = "$setElementOrder";

/** `$deleteFromPrimitiveList/finalizers`: the values to be taken out of the list. */
export const isListDeletion = (name: string): boolean => name.startsWith(DELETE_FROM_LIST);
/** `$setElementOrder/containers`: the order that the list is to have. */
export const isElementOrder = (name: string): boolean => name.startsWith(ELEMENT_ORDER);

export const listDeletionOf = (field: string): string => `${DELETE_FROM_LIST}/${field}`;
export const elementOrderOf = (field: string): string => `${ELEMENT_ORDER}/${field}`;

/** The field that the instruction is about. */
export function listDeletionField(name: string): string {
  if (!name.startsWith(`${DELETE_FROM_LIST}/`)) throw badPrimitiveList();
  return name.slice(DELETE_FROM_LIST.length + 1);
}

/** The field that the instruction is about. */
export function elementOrderField(name: string): string {
  if (!name.startsWith(`${ELEMENT_ORDER}/`)) throw badElementOrder();
  return name.slice(ELEMENT_ORDER.length + 1);
}

export function isDeletion(element: JsonValue | undefined): boolean {
  return isJsonObject(element) && element[PATCH] === "delete";
}

export function hasDirective(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.hasOwn(value, PATCH);
}

export function isList(value: JsonValue | undefined): value is JsonArray {
  return Array.isArray(value);
}

/**
 * A value of a patch as it enters a document that has nothing in its place: without what is only an instruction.
 * Undefined when nothing is left.
 */
export function asNewValue(value: JsonValue, dropNulls: boolean): JsonValue | undefined {
  if (isList(value)) {
    const kept: JsonValue[] = [];
    for (const element of value) {
      const cleaned = asNewValue(element, dropNulls);
      if (cleaned !== undefined) kept.push(cleaned);
    }
    return kept;
  }
  if (!isJsonObject(value)) return value;
  return hasDirective(value) ? undefined : asNewObject(value, dropNulls);
}

function asNewObject(value: JsonObject, dropNulls: boolean): JsonObject {
  const object: MutableJsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || (dropNulls && member === null)) continue;
    const cleaned = asNewValue(member, dropNulls);
    if (cleaned !== undefined) setMember(object, name, cleaned);
  }
  return object;
}
