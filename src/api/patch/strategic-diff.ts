import { formatGo } from "../../lib/go-format.ts";
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
import type { Schema } from "../table/schema.ts";
import { elementOrderOf, isList, listDeletionOf, PATCH, RETAIN_KEYS } from "./directives.ts";
import { asMap, elementSort, identityOf, sortByOrder } from "./element-order.ts";
import { type PatchField, patchFieldOf } from "./patch-field.ts";

/** Which part of a difference is wanted. A three-way patch takes changes from one comparison and deletions from another. */
export type Part = "all" | "changes" | "deletions";

/** The strategic merge patch (or the wanted part of it) that leads from `before` to `after`. */
export function diffStrategic(before: JsonObject, after: JsonObject, type: Schema, part: Part): JsonObject {
  return diffMaps(before, after, type, { part, retainKeys: false });
}

interface Options {
  readonly part: Part;
  readonly retainKeys: boolean;
}

function diffMaps(before: JsonObject, after: JsonObject, type: Schema, options: Options): MutableJsonObject {
  const patch: MutableJsonObject = {};
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const old = memberOf(before, name);
    if (isJsonObject(old) && isJsonObject(value)) diffObject(patch, name, old, value, type, options.part);
    else if (isList(old) && isList(value)) diffList(patch, name, old, value, type, options.part);
    else if (options.part !== "deletions" && !jsonEqual(old, value)) setMember(patch, name, value);
  }
  if (options.part !== "changes")
    for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) setMember(patch, name, null);
  if (options.retainKeys) addRetainKeys(patch, before, after);
  return patch;
}

function addRetainKeys(patch: MutableJsonObject, before: JsonObject, after: JsonObject): void {
  const kept = Object.keys(after).filter((name) => after[name] !== null);
  const cleared = Object.keys(before).some((name) => before[name] !== null && !Object.hasOwn(after, name));
  if (kept.length > 0 && (cleared || Object.keys(patch).length > 0)) patch[RETAIN_KEYS] = kept.sort();
}

function diffObject(
  patch: MutableJsonObject,
  name: string,
  before: JsonObject,
  after: JsonObject,
  type: Schema,
  part: Part,
): void {
  // A type that does not know the field can still tell that nothing changed.
  if (jsonEqual(before, after)) return;
  const field = patchFieldOf(type, name);
  if (field.strategy === "replace") {
    if (part !== "deletions") setMember(patch, name, after);
    return;
  }
  const change = diffMaps(before, after, field.schema, { part, retainKeys: field.retainKeys });
  if (Object.keys(change).length > 0) setMember(patch, name, change);
}

function diffList(
  patch: MutableJsonObject,
  name: string,
  before: JsonArray,
  after: JsonArray,
  type: Schema,
  part: Part,
): void {
  if (jsonEqual(before, after)) return;
  const field = patchFieldOf(type, name);
  if (field.strategy !== "merge") {
    if (part !== "deletions") setMember(patch, name, after);
    return;
  }
  const { elements, deletions, order } = diffMerged(before, after, field, part);
  if (elements.length > 0) setMember(patch, name, elements);
  if (deletions.length > 0) patch[listDeletionOf(name)] = deletions;
  if (order.length > 0) patch[elementOrderOf(name)] = order;
}

interface ListDifference {
  readonly elements: JsonArray;
  /** Scalars to be taken out. */
  readonly deletions: JsonArray;
  /** The wanted order, when the patch must tell it. */
  readonly order: JsonArray;
}

function diffMerged(before: JsonArray, after: JsonArray, field: PatchField, part: Part): ListDifference {
  if (before.length === 0) return { elements: part === "deletions" ? [] : after, deletions: [], order: [] };
  return elementSort(before, after) === "map"
    ? diffObjects(before, after, field, part)
    : diffScalars(before, after, part);
}

function diffScalars(before: JsonArray, after: JsonArray, part: Part): ListDifference {
  const had = new Set(before);
  const has = new Set(after);
  const added = part === "deletions" ? [] : [...has].filter((value) => !had.has(value));
  const deletions = part === "changes" ? [] : [...had].filter((value) => !has.has(value)).sort(byText);
  const ordered = part === "deletions" ? deletions.length > 0 : true;
  return { elements: added, deletions, order: ordered ? after : [] };
}

function diffObjects(before: JsonArray, after: JsonArray, field: PatchField, part: Part): ListDifference {
  const { mergeKey } = field;
  const old = byIdentity(before, mergeKey);
  const fresh = byIdentity(after, mergeKey);
  const changed: JsonValue[] = [];
  const deleted: JsonValue[] = [];
  for (const [identity, queue] of fresh) {
    for (const [i, element] of queue.entries()) {
      const previous = old.get(identity)?.[i];
      if (previous === undefined) {
        if (part !== "deletions") changed.push(element);
        continue;
      }
      const change = diffMaps(previous, element, field.schema, { part, retainKeys: field.retainKeys });
      if (Object.keys(change).length > 0) changed.push({ ...change, [mergeKey]: element[mergeKey] });
    }
  }
  if (part !== "changes")
    for (const [identity, queue] of old)
      for (const element of queue.slice(fresh.get(identity)?.length ?? 0))
        deleted.push({ [mergeKey]: element[mergeKey], [PATCH]: "delete" });
  const elements = [...sortByOrder(changed, after, mergeKey), ...deleted];
  const moved = part !== "deletions" && !sameOrder(before, after, mergeKey);
  const order = elements.length > 0 || moved ? after.map((element) => ({ [mergeKey]: asMap(element)[mergeKey] })) : [];
  return { elements, deletions: [], order };
}

/** The elements of each identity, identities in the order of their text; more than one each is a mistake that users make. */
function byIdentity(list: JsonArray, mergeKey: string): Map<string, JsonObject[]> {
  const groups = new Map<string, JsonObject[]>();
  for (const element of list) {
    const identity = formatGo(identityOf(element, mergeKey));
    const group = groups.get(identity);
    if (group) group.push(asMap(element));
    else groups.set(identity, [asMap(element)]);
  }
  return new Map([...groups].sort(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1)));
}

function sameOrder(before: JsonArray, after: JsonArray, mergeKey: string): boolean {
  if (before.length !== after.length) return false;
  return after.every((element, i) => identityOf(before[i] ?? null, mergeKey) === identityOf(element, mergeKey));
}

function byText(a: JsonValue, b: JsonValue): number {
  const [left, right] = [formatGo(a), formatGo(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}
