import { byteLength } from "../../lib/byte-length.ts";
import { decodedLength } from "../decode/base64.ts";
import type { ConfigMap } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { configKeyProblems } from "./names.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/concepts/configuration/configmap/ */

/** Of the values of a ConfigMap or Secret together, in bytes. */
export const MAX_DATA: number = 1024 * 1024;

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap, errors: FieldErrors): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    const path = FieldPath.of("data").key(key);
    errors.invalidAll(path, key, configKeyProblems(key));
    if (Object.hasOwn(binaryData, key)) errors.invalid(path, key, "duplicate of key present in binaryData");
    bytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.invalidAll(FieldPath.of("binaryData").key(key), key, configKeyProblems(key));
    bytes += decodedLength(value);
  }
  if (bytes > MAX_DATA) errors.tooLong(FieldPath.of(""), MAX_DATA);
}

export function validateConfigMapUpdate(map: ConfigMap, old: ConfigMap, errors: FieldErrors): void {
  validateKept(map, old, ["data", "binaryData"], errors);
  validateConfigMap(map, errors);
}

/** What was declared immutable stays so, and as it is. */
export function validateKept<K extends string>(
  object: { readonly immutable?: boolean } & { readonly [N in K]?: unknown },
  old: { readonly immutable?: boolean } & { readonly [N in K]?: unknown },
  names: readonly K[],
  errors: FieldErrors,
): void {
  if (!old.immutable) return;
  const why = "field is immutable when `immutable` is set";
  if (!object.immutable) errors.forbidden(FieldPath.of("immutable"), why);
  for (const name of names) if (!isDeepEqual(object[name], old[name])) errors.forbidden(FieldPath.of(name), why);
}
