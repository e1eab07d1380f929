import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  SecretVolumeSource,
} from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateFieldSelector, validateResourceFieldSelector, VOLUME_FIELDS } from "./field-reference.ts";
import { validateFileMode, validateUnreservedPath } from "./local-path.ts";

/** Volumes made of Secrets, ConfigMaps and the pod's own fields. */

export function validateSecretSource(secret: SecretVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (!secret.secretName) errors.required(path.child("secretName"));
  validateFileMode(secret.defaultMode, path.child("defaultMode"), errors);
  validateItems(secret.items, path, errors);
}

export function validateConfigMapSource(map: ConfigMapVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (!map.name) errors.required(path.child("name"));
  validateFileMode(map.defaultMode, path.child("defaultMode"), errors);
  validateItems(map.items, path, errors);
}

function validateItems(items: readonly KeyToPath[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [i, item] of (items ?? []).entries()) validateKeyToPath(item, path.child("items").index(i), errors);
}

export function validateKeyToPath(item: KeyToPath, path: FieldPath, errors: FieldErrors): void {
  if (item.key === "") errors.required(path.child("key"));
  if (item.path === "") errors.required(path.child("path"));
  validateUnreservedPath(item.path, path.child("path"), errors);
  validateFileMode(item.mode, path.child("mode"), errors);
}

export function validateDownwardSource(source: DownwardAPIVolumeSource, path: FieldPath, errors: FieldErrors): void {
  validateFileMode(source.defaultMode, path.child("defaultMode"), errors);
  // Kubernetes names the volume, not the item.
  for (const file of source.items ?? []) validateDownwardFile(file, path, errors);
}

export function validateDownwardFile(file: DownwardAPIVolumeFile, path: FieldPath, errors: FieldErrors): void {
  if (file.path === "") errors.required(path.child("path"));
  validateUnreservedPath(file.path, path.child("path"), errors);
  if (file.fieldRef) {
    validateFieldSelector(file.fieldRef, VOLUME_FIELDS, path.child("fieldRef"), errors);
    if (file.resourceFieldRef)
      errors.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (file.resourceFieldRef)
    validateResourceFieldSelector(file.resourceFieldRef, true, path.child("resourceFieldRef"), errors);
  else errors.required(path, "one of fieldRef and resourceFieldRef is required");
  validateFileMode(file.mode, path.child("mode"), errors);
}
