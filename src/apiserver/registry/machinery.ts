import type { KubeObject } from "../../api/object.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { invalid } from "./failures.ts";
import type { Write } from "./writing.ts";

/** The stages of a write that follow from the type table. */

export function trackFields(
  _write: Write,
  _live: KubeObject | undefined,
  object: KubeObject,
  _now: number,
): KubeObject {
  return object;
}

export function prepareForCreate(_info: ResourceInfo, object: KubeObject): KubeObject {
  return object;
}

export function prepareForUpdate(_info: ResourceInfo, _old: KubeObject, object: KubeObject, _sub?: string): KubeObject {
  return object;
}

export function validateCreate(info: ResourceInfo, object: KubeObject, _warn: (text: string) => void): void {
  if (object.metadata.name) return;
  const message = "Required value: name or generateName is required";
  throw invalid(info, "", [{ field: "metadata.name", reason: "FieldValueRequired", message }]);
}

export function validateUpdate(
  _info: ResourceInfo,
  _old: KubeObject,
  _object: KubeObject,
  _subresource: string | undefined,
  _warn: (text: string) => void,
): void {}

export function sameButForTimes(_current: KubeObject, _object: KubeObject): boolean {
  return false;
}
