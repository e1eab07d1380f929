import { applyDefaults } from "../../api/defaults/apply-defaults.ts";
import type { KubeObject } from "../../api/object.ts";
import { prepareForCreate, prepareForUpdate } from "../../api/strategy/prepare.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { invalid } from "./failures.ts";
import { asDocument, asObject } from "./json-view.ts";

/** The stages of a write that follow from the type table, on typed objects. */

export function withDefaults(info: ResourceInfo, object: KubeObject): KubeObject {
  return asObject(applyDefaults(info, asDocument(object)));
}

/** `now`: milliseconds. */
export function preparedNew(info: ResourceInfo, object: KubeObject, now: number): KubeObject {
  return asObject(prepareForCreate(info, asDocument(object), formatTimestamp(now)));
}

export function preparedChange(
  info: ResourceInfo,
  current: KubeObject,
  object: KubeObject,
  subresource: string | undefined,
): KubeObject {
  return asObject(prepareForUpdate(info, asDocument(object), asDocument(current), subresource));
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
