import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { KIND_WARNINGS } from "./kind-warnings.ts";
import { warnOfFinalizers } from "./finalizers.ts";
import { Warnings } from "./warnings.ts";

const NONE: readonly string[] = [];

/** What Kubernetes says of a new object that is allowed but hardly meant so. The object has been validated. */
export function warningsOnCreate(info: ResourceInfo, object: KubeObject): readonly string[] {
  if (info.custom) return ofCustom(object, undefined);
  const { group, kind } = info;
  const own = KIND_WARNINGS.get(`${group}/${kind}`);
  if (!own) return NONE;
  const warnings = new Warnings();
  own.once?.(object, warnings);
  own.warn(object, warnings);
  return warnings.list;
}

/** The same of the change of an object itself, not of one of its subresources. */
export function warningsOnUpdate(info: ResourceInfo, object: KubeObject, old: KubeObject): readonly string[] {
  if (info.custom) return ofCustom(object, old);
  const { group, kind } = info;
  const own = KIND_WARNINGS.get(`${group}/${kind}`);
  const isNew = object.metadata.generation !== old.metadata.generation;
  if (!own || own.repeated === "never" || (own.repeated === "new generation" && !isNew)) return NONE;
  const warnings = new Warnings();
  own.warn(object, warnings);
  return warnings.list;
}

function ofCustom(object: KubeObject, old: KubeObject | undefined): readonly string[] {
  if (!object.metadata.finalizers) return NONE;
  const warnings = new Warnings();
  warnOfFinalizers(object.metadata.finalizers, old?.metadata.finalizers, warnings);
  return warnings.list;
}
