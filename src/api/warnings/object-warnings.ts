import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { KIND_WARNINGS } from "./kind-warnings.ts";
import { Warnings } from "./warnings.ts";

const NONE: readonly string[] = [];

/** What Kubernetes says of a new object that is allowed but hardly meant so. The object has been validated. */
export function warningsOnCreate({ group, kind }: ResourceInfo, object: KubeObject): readonly string[] {
  const own = KIND_WARNINGS.get(`${group}/${kind}`);
  if (!own) return NONE;
  const warnings = new Warnings();
  own.once?.(object, warnings);
  own.warn(object, warnings);
  return warnings.list;
}

/** The same of the change of an object itself, not of one of its subresources. */
export function warningsOnUpdate(
  { group, kind }: ResourceInfo,
  object: KubeObject,
  old: KubeObject,
): readonly string[] {
  const own = KIND_WARNINGS.get(`${group}/${kind}`);
  const isNew = object.metadata.generation !== old.metadata.generation;
  if (!own || own.repeated === "never" || (own.repeated === "new generation" && !isNew)) return NONE;
  const warnings = new Warnings();
  own.warn(object, warnings);
  return warnings.list;
}
