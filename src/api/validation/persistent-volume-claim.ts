import { compareQuantities, parseQuantity } from "../../lib/quantity.ts";
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "../generated/core-v1.ts";
import type { ObjectMeta } from "../generated/meta-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateLabelSelector, validateLabels } from "./labels.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { validateAnnotations } from "./object-meta.ts";
import { validateQuantity, ZERO } from "./resource-name.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims */

const SPEC = FieldPath.of("spec");
export const ACCESS_MODES: readonly string[] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
export const VOLUME_MODES: readonly string[] = ["Block", "Filesystem"];

export function validateClaim(claim: PersistentVolumeClaim, errors: FieldErrors): void {
  validateClaimSpec(claim.spec, SPEC, errors);
}

export function validateClaimTemplate(
  template: PersistentVolumeClaimTemplate,
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateTemplateMeta(template.metadata ?? {}, path.child("metadata"), errors);
  validateClaimSpec(template.spec, path.child("spec"), errors);
}

/** Only labels and annotations are passed on. */
function validateTemplateMeta(meta: ObjectMeta, path: FieldPath, errors: FieldErrors): void {
  validateAnnotations(meta.annotations, path.child("annotations"), errors);
  validateLabels(meta.labels, path.child("labels"), errors);
  for (const name of Object.keys(meta)) {
    if (name !== "annotations" && name !== "labels") errors.forbidden(path.child(name), "cannot be set");
  }
}

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  validateLabelSelectorAfterModes(spec, path, errors);
  validateSize(spec, path.child("resources").key("storage"), errors);
  if (spec.storageClassName)
    errors.invalidAll(path.child("storageClassName"), spec.storageClassName, subdomainProblems(spec.storageClassName));
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode))
    errors.notSupported(path.child("volumeMode"), spec.volumeMode, VOLUME_MODES);
  validateDataSources(spec, path, errors);
  const attributes = spec.volumeAttributesClassName;
  if (attributes) errors.invalidAll(path.child("volumeAttributesClassName"), attributes, subdomainProblems(attributes));
}

function validateLabelSelectorAfterModes(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  const modes: readonly string[] = spec.accessModes ?? [];
  const modesPath = path.child("accessModes");
  if (modes.length === 0) errors.required(modesPath, "at least 1 access mode is required");
  validateLabelSelector(spec.selector, path.child("selector"), errors);
  validateAccessModes(modes, modesPath, errors);
}

export function validateAccessModes(modes: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.notSupported(path, mode, ACCESS_MODES);
  const others = modes.some((mode) => mode !== "ReadWriteOncePod" && ACCESS_MODES.includes(mode));
  if (modes.includes("ReadWriteOncePod") && others)
    errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
}

function validateSize(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  const size = spec.resources?.requests?.["storage"];
  if (size === undefined) return errors.required(path);
  if (compareQuantities(parseQuantity(size), ZERO) <= 0) errors.invalid(path, size, "must be greater than zero");
  else validateQuantity("storage", size, path, errors);
}

function validateDataSources(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  const { dataSource: source, dataSourceRef: reference } = spec;
  if (source) validateDataSource(source, path.child("dataSource"), errors);
  if (reference) {
    validateDataSource(reference, path.child("dataSourceRef"), errors);
    const { namespace } = reference;
    if (namespace)
      errors.invalidAll(path.child("dataSourceRef").child("namespace"), namespace, labelProblems(namespace));
  }
  if (!source || !reference) return;
  if (reference.namespace) errors.invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified");
  else if (!isDeepEqual(withoutNamespace(source), withoutNamespace(reference)))
    errors.invalid(path, {}, "must match dataSourceRef");
}

function withoutNamespace({ apiGroup, kind, name }: TypedObjectReference): TypedObjectReference {
  return { kind, name, ...(typeof apiGroup === "string" && { apiGroup }) };
}

function validateDataSource(source: TypedObjectReference, path: FieldPath, errors: FieldErrors): void {
  const { kind, name } = source;
  // A pointer that is always written: null when it is not set.
  const apiGroup = source.apiGroup ?? "";
  if (name === "") errors.required(path.child("name"));
  if (kind === "") errors.required(path.child("kind"));
  if (apiGroup === "" && kind !== "PersistentVolumeClaim")
    errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  if (apiGroup !== "") errors.invalidAll(path.child("apiGroup"), apiGroup, subdomainProblems(apiGroup));
}
