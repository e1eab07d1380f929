import { goJsonType } from "../../lib/go-format.ts";
import {
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  memberOf,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import { formatGo } from "../../lib/go-format.ts";
import { StatusError } from "../status-error.ts";
import type { Schema } from "../table/schema.ts";
import {
  asNewValue,
  elementOrderField,
  isElementOrder,
  isList,
  isListDeletion,
  listDeletionField,
  PATCH,
  RETAIN_KEYS,
} from "./directives.ts";
import { arrange, asMap, checkAgainstOrder, elementSort, identityOf } from "./element-order.ts";
import {
  badElementOrder,
  badRetainKeys,
  failure,
  noMergeKey,
  unexpectedType,
  unknownDirective,
} from "./patch-error.ts";
import { goKind, type PatchField, patchFieldOf } from "./patch-field.ts";

/**
 * `apply`: a patch onto a document, instructions are carried out. `combine`: a patch onto a patch, instructions and nulls
 * are kept.
 */
type Mode = "apply" | "combine";

/** Reads the body of a patch request. Throws BadRequest when it is not an object. */
export function parseStrategicPatch(body: JsonValue): JsonObject {
  if (body === null) return {};
  if (isJsonObject(body)) return body;
  throw new StatusError(
    "BadRequest",
    `json: cannot unmarshal ${goJsonType(body)} into Go value of type map[string]interface {}`,
  );
}

/**
 * Applies a strategic merge patch to a document of the type: objects are merged, lists with a merge key element by
 * element, `$` members are carried out. Neither argument is changed. Throws a StatusError in Kubernetes' words.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
export function applyStrategicMerge(document: JsonObject, patch: JsonObject, type: Schema): JsonObject {
  return mergeMaps(document, patch, type, "apply");
}

/** Joins two patches whose deletions and additions were computed apart; `second` wins. */
export function combinePatches(first: JsonObject, second: JsonObject, type: Schema): JsonObject {
  return mergeMaps(first, second, type, "combine");
}

function mergeMaps(document: JsonObject, patch: JsonObject, type: Schema, mode: Mode): JsonObject {
  if (Object.hasOwn(patch, PATCH)) return carryOut(patch);
  const result: MutableJsonObject = { ...document };
  const rest: MutableJsonObject = { ...patch };
  retainKeys(result, rest, mode);
  mergeOrderedLists(result, rest, type, mode);
  for (const [name, change] of Object.entries(rest))
    if (change !== undefined) mergeMember(result, name, change, type, mode);
  return result;
}

function carryOut(patch: JsonObject): JsonObject {
  const { [PATCH]: directive, ...rest } = patch;
  if (directive === "replace") return rest;
  if (directive === "delete") return {};
  throw unknownDirective(directive, patch);
}

function mergeMember(result: MutableJsonObject, member: string, change: JsonValue, type: Schema, mode: Mode): void {
  const deletes = isListDeletion(member);
  if (deletes && mode === "combine") {
    result[member] = change;
    return;
  }
  const name = deletes ? listDeletionField(member) : member;
  if (change === null) {
    delete result[name];
    if (mode === "apply") return;
  }
  const current = memberOf(result, name);
  if (isJsonObject(current) && isJsonObject(change)) {
    setMember(result, name, mergeObjects(current, change, patchFieldOf(type, name), mode));
  } else if (isList(current) && isList(change)) {
    const field = patchFieldOf(type, name);
    if (deletes) setMember(result, name, deleteFrom(current, change));
    else setMember(result, name, field.strategy === "merge" ? mergeLists(current, change, field, mode).list : change);
  } else if (!deletes) {
    const value = asNewValue(change, mode === "apply");
    if (value === undefined) delete result[name];
    else setMember(result, name, value);
  }
}

function mergeObjects(current: JsonObject, change: JsonObject, field: PatchField, mode: Mode): JsonObject {
  return field.strategy === "replace" ? change : mergeMaps(current, change, field.schema, mode);
}

function retainKeys(result: MutableJsonObject, patch: MutableJsonObject, mode: Mode): void {
  const keys = memberOf(patch, RETAIN_KEYS);
  if (keys === undefined) return;
  delete patch[RETAIN_KEYS];
  if (mode === "combine") {
    const first = memberOf(result, RETAIN_KEYS);
    if (first !== undefined && !jsonEqual(first, keys))
      throw failure(
        `${formatGo(first)} and ${formatGo(keys)} are not deep equal: this may happen when calculating the 3-way diff patch`,
      );
    result[RETAIN_KEYS] = keys;
    return;
  }
  if (!isList(keys)) throw badRetainKeys();
  const retained = new Set(keys);
  for (const [name, value] of Object.entries(patch))
    if (value !== null && !isListDeletion(name) && !isElementOrder(name) && !retained.has(name)) throw badRetainKeys();
  for (const name of Object.keys(result)) if (!retained.has(name)) delete result[name];
}

/** Carries out every `$setElementOrder/…` together with the list that it is about. */
function mergeOrderedLists(result: MutableJsonObject, patch: MutableJsonObject, type: Schema, mode: Mode): void {
  for (const member of Object.keys(patch)) {
    if (!isElementOrder(member)) continue;
    const order = patch[member];
    delete patch[member];
    if (mode === "combine") {
      const first = memberOf(result, member);
      if (first !== undefined && !jsonEqual(first, order)) throw badElementOrder();
      result[member] = order;
    }
    if (!isList(order)) throw unexpectedType("list", order);
    const name = elementOrderField(member);
    const merged = mergeInOrder(memberOf(result, name), memberOf(patch, name), order, patchFieldOf(type, name), mode);
    if (merged) setMember(result, name, merged);
    delete patch[name];
  }
}

function mergeInOrder(
  current: JsonValue | undefined,
  change: JsonValue | undefined,
  order: JsonArray,
  field: PatchField,
  mode: Mode,
): JsonArray | undefined {
  const before = listOrNone(current);
  const changes = listOrNone(change);
  checkAgainstOrder(changes ?? [], order, field.mergeKey);
  let merged: Merged;
  if (before && changes)
    merged = field.strategy === "merge" ? mergeLists(before, changes, field, mode) : { list: changes, order: before };
  else if (changes) merged = { list: listOrNone(asNewValue(changes, false)) ?? [], order: [] };
  else if (before) merged = { list: before, order: before };
  else return undefined;
  const unkeyed = elementSort(before ?? [], changes ?? []) === "map" && field.mergeKey === "";
  if (unkeyed) throw noMergeKey(asMap(before?.[0] ?? changes?.[0]), "");
  return arrange(merged.list, order, merged.order, field.mergeKey);
}

interface Merged {
  readonly list: JsonArray;
  /**
   * The order that holds where the patch has none: elements that there were and that the patch does not delete. Elements
   * that the patch adds take the places of those that it deletes, at the end (an accident of Kubernetes' bookkeeping that
   * shows when the document has elements which the patch does not know).
   */
  readonly order: JsonArray;
}

function listOrNone(value: JsonValue | undefined): JsonArray | undefined {
  if (value !== undefined && !isList(value)) throw unexpectedType("list", value);
  return value;
}

function mergeLists(current: JsonArray, changes: JsonArray, field: PatchField, mode: Mode): Merged {
  if (current.length === 0 && changes.length === 0) return { list: current, order: current };
  if (elementSort(current, changes) === "scalar")
    return { list: arrange([...new Set([...current, ...changes])], changes, current, ""), order: current };
  const { mergeKey } = field;
  if (mergeKey === "") throw failure(`cannot merge lists without merge key for ${goKind(field.schema)}`);
  const { survivors, elements, replaces } = carryOutInList(current, changes, mergeKey);
  if (replaces) return { list: arrange(elements, [], elements, mergeKey), order: survivors };
  const merged = [...survivors];
  for (const element of elements) {
    const map = asMap(element);
    const identity = identityOf(map, mergeKey);
    const at = merged.findIndex((candidate) => asMap(candidate)[mergeKey] === identity);
    if (at < 0) merged.push(element);
    else merged[at] = mergeMaps(asMap(merged[at]), map, field.schema, mode);
  }
  const added = merged.slice(survivors.length, current.length);
  return { list: arrange(merged, elements, survivors, mergeKey), order: [...survivors, ...added] };
}

/** Elements that are instructions: `{$patch: delete, name: x}` takes x out, `{$patch: replace}` all that was there. */
function carryOutInList(
  current: JsonArray,
  changes: JsonArray,
  mergeKey: string,
): { readonly survivors: JsonArray; readonly elements: JsonArray; readonly replaces: boolean } {
  const elements: JsonValue[] = [];
  const deleted = new Set<JsonValue>();
  let replaces = false;
  for (const change of changes) {
    const map = asMap(change);
    if (!Object.hasOwn(map, PATCH)) elements.push(change);
    else if (map[PATCH] === "replace") replaces = true;
    else if (map[PATCH] === "merge") throw failure("merging lists cannot yet be specified in the patch");
    else if (map[PATCH] !== "delete") throw unknownDirective(map[PATCH], map);
    else {
      const identity = map[mergeKey];
      if (identity === undefined) throw noMergeKey(map, mergeKey);
      deleted.add(identity);
    }
  }
  const survivors = current.filter((element) => !deleted.has(asMap(element)[mergeKey] ?? null));
  return { survivors, elements, replaces };
}

function deleteFrom(current: JsonArray, values: JsonArray): JsonArray {
  const deleted = new Set(values);
  return current.filter((value) => !deleted.has(value));
}
