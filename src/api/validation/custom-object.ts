import type { JsonObject } from "../../lib/json.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateListKeys } from "./list-keys.ts";
import { validateStructural } from "./structural.ts";

/** What the schema of a custom kind says of its objects. */
export function validateCustom({ schema }: ResourceInfo, object: KubeObject, errors: FieldErrors): void {
  const json = asJson(object);
  validateStructural(schema, json, errors);
  validateListKeys(schema, json, errors);
}

/** Of what is already stored, what does not change can stay as it is. */
export function validateCustomUpdate(
  { schema }: ResourceInfo,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
  errors: FieldErrors,
): void {
  const json = asJson(object);
  const before = asJson(old);
  const status = schema.fields.get("status")?.schema;
  if (subresource !== "status") validateStructural(schema, json, errors, { old: before });
  else if (status && json["status"] !== undefined)
    validateStructural(status, json["status"], errors, { old: before["status"], at: FieldPath.of("status") });
  const earlier = new FieldErrors();
  validateListKeys(schema, before, earlier);
  if (earlier.none) validateListKeys(schema, json, errors);
}

function asJson(object: KubeObject): JsonObject {
  const plain: object = object;
  return plain as JsonObject;
}
