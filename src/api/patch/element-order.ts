import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from "../../lib/json.ts";
import { formatGo } from "../../lib/go-format.ts";
import { hasDirective, isDeletion, isList } from "./directives.ts";
import { failure, listOfLists, noMergeKey, unexpectedType } from "./patch-error.ts";

/** The order of merged lists: first as the patch asks, then as the patch lists, then as the document had it. */

/** Of which sort the elements of all the lists are. Throws when they differ, or when they are lists. */
export function elementSort(...lists: readonly JsonArray[]): "map" | "scalar" {
  let found: string | undefined;
  for (const list of lists) {
    for (const element of list) {
      const sort = isList(element) ? "list" : element === null ? "null" : typeof element;
      if (found === undefined && sort === "list") throw listOfLists();
      if (found !== undefined && found !== sort)
        throw failure(`list element types are not identical: ${formatGo(lists)}`);
      found = sort;
    }
  }
  if (found === undefined) throw failure("no elements in any of the given slices");
  return found === "object" ? "map" : "scalar";
}

export function asMap(element: JsonValue | undefined): JsonObject {
  if (!isJsonObject(element)) throw unexpectedType("map", element);
  return element;
}

/** What identifies an element: the value of its merge key, or itself when there is no merge key. */
export function identityOf(element: JsonValue, mergeKey: string): JsonValue {
  if (mergeKey === "") return element;
  const map = asMap(element);
  const identity = map[mergeKey];
  if (identity === undefined) throw noMergeKey(map, mergeKey);
  return identity;
}

/** Position of each identity in a list, the first one counting. */
function positions(list: JsonArray, mergeKey: string): Map<JsonValue, number> {
  const found = new Map<JsonValue, number>();
  for (const [i, element] of list.entries()) {
    const identity = identityOf(element, mergeKey);
    if (!found.has(identity)) found.set(identity, i);
  }
  return found;
}

/** The elements in the order of `order`, in which each of them is; deletions come last. */
export function sortByOrder(elements: JsonArray, order: JsonArray, mergeKey: string): JsonValue[] {
  const places = positions(order, mergeKey);
  const placeOf = (element: JsonValue): number => places.get(identityOf(element, mergeKey)) ?? 0;
  const kept = elements.filter((element) => !isDeletion(element)).sort((a, b) => placeOf(a) - placeOf(b));
  return [...kept, ...elements.filter(isDeletion)];
}

/**
 * Arranges merged elements: those that `order` names in its order, and among them the others, in the order of
 * `before`, each ahead of the first element that it preceded there.
 */
export function arrange(merged: JsonArray, order: JsonArray, before: JsonArray, mergeKey: string): JsonValue[] {
  const named = positions(order, mergeKey);
  const ofPatch: JsonValue[] = [];
  const others: JsonValue[] = [];
  for (const element of merged) (named.has(identityOf(element, mergeKey)) ? ofPatch : others).push(element);
  const places = positions(before, mergeKey);
  return interleave(sortByOrder(others, before, mergeKey), sortByOrder(ofPatch, order, mergeKey), (element) =>
    places.get(identityOf(element, mergeKey)),
  );
}

function interleave(
  left: readonly JsonValue[],
  right: readonly JsonValue[],
  placeOf: (element: JsonValue) => number | undefined,
): JsonValue[] {
  const result: JsonValue[] = [];
  let next = 0;
  for (const element of right) {
    const place = placeOf(element);
    while (place !== undefined) {
      const candidate = left[next];
      const candidatePlace = candidate === undefined ? undefined : placeOf(candidate);
      if (candidate === undefined || candidatePlace === undefined || candidatePlace >= place) break;
      result.push(candidate);
      next++;
    }
    result.push(element);
  }
  return [...result, ...left.slice(next)];
}

/** Throws when the patch lists elements that its order does not name, or in another order. */
export function checkAgainstOrder(elements: JsonArray, order: JsonArray, mergeKey: string): void {
  if (order.length === 0 || elements.length === 0) return;
  const listed = mergeKey === "" ? elements : elements.filter((element) => !isDeletion(asMap(element)));
  let next = 0;
  for (const wanted of order) {
    while (hasDirective(listed[next])) next++;
    const element = listed[next];
    if (element === undefined) return;
    if (identityOf(element, mergeKey) === identityOf(wanted, mergeKey)) next++;
  }
  if (next < listed.length)
    throw failure(
      `The order in patch list:\n${formatGo(elements)}\n doesn't match $setElementOrder list:\n${formatGo(order)}\n`,
    );
}
