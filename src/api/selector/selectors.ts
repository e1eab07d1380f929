import { AppError } from "../../lib/app-error.ts";
import { type FieldSelector, matchesFields, parseFieldSelector } from "../../lib/field-selector.ts";
import { type LabelSelector, parseLabelSelector } from "../../lib/label-selector.ts";
import type { KubeObject } from "../object.ts";
import { StatusError } from "../status-error.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { type SelectableFields, selectableFields } from "./fields.ts";

/** The `labelSelector` parameter of a list. Throws BadRequest with Kubernetes' text. */
export function labelSelectorParameter(text: string): LabelSelector {
  return asBadRequest(() => parseLabelSelector(text));
}

/** A field selector bound to the kind whose objects it selects. */
export interface ObjectFieldSelector {
  readonly terms: FieldSelector;
  readonly matches: (object: KubeObject) => boolean;
}

/** The `fieldSelector` parameter of a list of this resource. Throws BadRequest for a field that the kind does not offer. */
export function fieldSelectorParameter(info: ResourceInfo, text: string): ObjectFieldSelector {
  const terms = asBadRequest(() => parseFieldSelector(text));
  const fields = selectableFields(info);
  for (const { field } of terms)
    if (!fields.readers.has(field)) throw new StatusError("BadRequest", fields.unknown(field));
  return { terms, matches: (object) => matchesFields(terms, (field) => readField(fields, field, object)) };
}

function readField(fields: SelectableFields, field: string, object: KubeObject): string {
  return fields.readers.get(field)?.(object) ?? "";
}

function asBadRequest<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof AppError ? new StatusError("BadRequest", error.message) : error;
  }
}
