import { applyDefaults } from "../../api/defaults/apply-defaults.ts";
import type { KubeObject } from "../../api/object.ts";
import { prepareForCreate, prepareForUpdate } from "../../api/strategy/prepare.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { invalidError } from "../../api/validation/field-errors.ts";
import { validateCreate, validateUpdate } from "../../api/validation/validate.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
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

/** Throws Invalid when a new object is not what its kind allows. `group`: of the API that the request uses. */
export function checkNew(info: ResourceInfo, object: KubeObject, group: string): void {
  const errors = validateCreate(info, object, group);
  if (errors.length > 0) throw invalidError(info, object.metadata.name ?? "", errors);
}

/** Throws Invalid when an object may not become this. */
export function checkChange(
  info: ResourceInfo,
  current: KubeObject,
  object: KubeObject,
  subresource: string | undefined,
  group: string,
): void {
  const errors = validateUpdate(info, object, current, subresource, group);
  if (errors.length > 0) throw invalidError(info, current.metadata.name, errors);
}
