import { applyDefaults } from "../../api/defaults/apply-defaults.ts";
import type { KubeObject } from "../../api/object.ts";
import { prepareForCreate, prepareForUpdate } from "../../api/strategy/prepare.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { invalidError } from "../../api/validation/field-errors.ts";
import * as validation from "../../api/validation/validate.ts";
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

/** Throws Invalid when the new object is not what its kind allows. */
export function validateCreate(info: ResourceInfo, object: KubeObject, _warn: (text: string) => void): void {
  const errors = validation.validateCreate(info, object);
  if (errors.length > 0) throw invalidError(info, object.metadata.name ?? "", errors);
}

/** Throws Invalid when the kind does not allow the change. */
export function validateUpdate(
  info: ResourceInfo,
  old: KubeObject,
  object: KubeObject,
  subresource: string | undefined,
  _warn: (text: string) => void,
): void {
  const errors = validation.validateUpdate(info, object, old, subresource);
  if (errors.length > 0) throw invalidError(info, object.metadata.name ?? "", errors);
}
