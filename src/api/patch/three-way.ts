import { isJsonObject, type JsonObject, memberOf, type MutableJsonObject, setMember } from "../../lib/json.ts";
import type { Schema } from "../table/schema.ts";
import { createMergePatch } from "./merge-patch.ts";
import { diffStrategic } from "./strategic-diff.ts";
import { combinePatches } from "./strategic-merge.ts";

/**
 * What client-side apply sends: the changes from `current` (the live object) to `modified` (the manifest), and the
 * deletions of what `original` (the manifest as applied last) had and `modified` has no more. Whatever else the live object
 * has gained is left alone.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes
 */
export interface ThreeWay {
  readonly original: JsonObject | undefined;
  readonly modified: JsonObject;
  readonly current: JsonObject;
}

/** The strategic merge patch of an apply, for kinds whose type is known. An empty object when there is nothing to do. */
export function createStrategicThreeWayPatch({ original = {}, modified, current }: ThreeWay, type: Schema): JsonObject {
  const changes = diffStrategic(current, modified, type, "changes");
  const deletions = diffStrategic(original, modified, type, "deletions");
  return combinePatches(deletions, changes, type);
}

/** The strategic merge patch between two states of an object, as `kubectl edit` and `kubectl set` send it. */
export function createStrategicTwoWayPatch(before: JsonObject, after: JsonObject, type: Schema): JsonObject {
  return diffStrategic(before, after, type, "all");
}

/** The JSON merge patch of an apply, for custom kinds. An empty object when there is nothing to do. */
export function createMergeThreeWayPatch({ original = {}, modified, current }: ThreeWay): JsonObject {
  const changes = filterNulls(createMergePatch(current, modified), "drop");
  const deletions = filterNulls(createMergePatch(original, modified), "keepOnly");
  return combineMergePatches(deletions, changes);
}

/** The part of a merge patch that deletes, or the part that does not. */
function filterNulls(patch: JsonObject, nulls: "drop" | "keepOnly"): JsonObject {
  const kept: MutableJsonObject = {};
  for (const [name, value] of Object.entries(patch)) {
    if (isJsonObject(value) && Object.keys(value).length > 0) {
      const nested = filterNulls(value, nulls);
      if (Object.keys(nested).length > 0) setMember(kept, name, nested);
    } else if (value !== undefined && (value === null) === (nulls === "keepOnly")) setMember(kept, name, value);
  }
  return kept;
}

function combineMergePatches(first: JsonObject, second: JsonObject): JsonObject {
  const combined: MutableJsonObject = { ...first };
  for (const [name, value] of Object.entries(second)) {
    if (value === undefined) continue;
    const current = memberOf(combined, name);
    setMember(
      combined,
      name,
      isJsonObject(current) && isJsonObject(value) ? combineMergePatches(current, value) : value,
    );
  }
  return combined;
}
