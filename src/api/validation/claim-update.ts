import { compareQuantities, parseQuantity, scaledValue } from "../../lib/quantity.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateLabelName } from "./labels.ts";
import { validateClaim } from "./persistent-volume-claim.ts";
import { isNative, validateQuantity } from "./resource-name.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import { specDiff } from "./spec-diff.ts";

/** What of a claim can change: its size and class of attributes when it is bound, a class that it did not have. */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");
const CLASS = "volume.beta.kubernetes.io/storage-class";

export function validateClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  errors: FieldErrors,
): void {
  validateClaim(claim, errors);
  const upgraded = isClassOfAnnotation(claim, old);
  const annotation = claim.metadata.annotations?.[CLASS] ?? "";
  if (!upgraded && annotation !== (old.metadata.annotations?.[CLASS] ?? ""))
    errors.immutable(FieldPath.of("metadata").child("annotations").key(CLASS), annotation);
  const compared = comparable(claim, old, upgraded);
  const oldCompared = old.spec.volumeName ? old.spec : { ...old.spec, ...pick(claim.spec, "volumeName") };
  if (!isDeepEqual(compared, oldCompared)) {
    const why =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.forbidden(SPEC, `${why}\n${specDiff("PersistentVolumeClaimSpec", oldCompared, compared)}`);
  }
  validateShrinking(claim, old, errors);
  if (claim.spec.volumeMode !== old.spec.volumeMode)
    errors.immutable(FieldPath.of("volumeMode"), claim.spec.volumeMode ?? null);
  validateAttributesClass(claim, old, errors);
}

function pick<K extends keyof PersistentVolumeClaimSpec>(
  spec: PersistentVolumeClaimSpec,
  name: K,
): Pick<PersistentVolumeClaimSpec, K> | undefined {
  return spec[name] === undefined ? undefined : ({ [name]: spec[name] } as Pick<PersistentVolumeClaimSpec, K>);
}

/** Whether the class was said by the annotation that was before the field, and the field says the same now. */
function isClassOfAnnotation(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const before = old.metadata.annotations?.[CLASS];
  const now = claim.metadata.annotations?.[CLASS];
  return (
    before !== undefined &&
    old.spec.storageClassName === undefined &&
    claim.spec.storageClassName === before &&
    (now === undefined || now === before)
  );
}

/** The new spec with what may change taken back. */
function comparable(
  { spec, status }: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  upgraded: boolean,
): PersistentVolumeClaimSpec {
  const { storageClassName, volumeAttributesClassName: _attributes, ...rest } = spec;
  const annotated = old.metadata.annotations?.[CLASS];
  const gotClass =
    storageClassName !== undefined &&
    old.spec.storageClassName === undefined &&
    (annotated === undefined || annotated === storageClassName);
  const isBound = status?.phase === "Bound";
  const size = old.spec.resources?.requests?.["storage"] ?? "0";
  return {
    ...rest,
    ...(isBound &&
      spec.resources?.requests && {
        resources: { ...spec.resources, requests: { ...spec.resources.requests, storage: size } },
      }),
    ...(!upgraded && !gotClass && pick(spec, "storageClassName")),
    ...pick(isBound ? old.spec : spec, "volumeAttributesClassName"),
  };
}

function validateShrinking(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors): void {
  const size = parseQuantity(claim.spec.resources?.requests?.["storage"] ?? "0");
  const oldSize = parseQuantity(old.spec.resources?.requests?.["storage"] ?? "0");
  const capacity = parseQuantity(old.status?.capacity?.["storage"] ?? "0");
  if (compareQuantities(size, oldSize) < 0 && compareQuantities(size, capacity) <= 0) {
    const path = SPEC.child("resources").child("requests").child("storage");
    errors.forbidden(path, "field can not be less than status.capacity");
  }
}

function validateAttributesClass(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors): void {
  const name = claim.spec.volumeAttributesClassName;
  if (name === old.spec.volumeAttributesClassName || old.status?.currentVolumeAttributesClassName === undefined) return;
  const why = "is forbidden when status.currentVolumeAttributesClassName is not nil";
  const path = SPEC.child("volumeAttributesClassName");
  if (name === undefined) errors.forbidden(path, `update to nil ${why}`);
  else if (name === "") errors.forbidden(path, `update to empty string ${why}`);
}

const RESIZE_STATUSES = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
];

export function validateClaimStatus(claim: PersistentVolumeClaim, errors: FieldErrors): void {
  const { spec, status = {} } = claim;
  if (!spec.accessModes?.length) errors.required(FieldPath.of("Spec").child("accessModes"));
  for (const [name, text] of Object.entries(status.capacity ?? {})) {
    const amount = scaledValue(parseQuantity(text));
    if (amount < 0n)
      errors.invalid(STATUS.child("capacity").key(name), Number(amount), "must be a valid resource quantity");
  }
  const statusPath = STATUS.child("allocatedResourceStatuses");
  for (const [name, value] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    validateResourceKey(name, statusPath, errors);
    if (!RESIZE_STATUSES.includes(value)) errors.notSupported(statusPath, name, RESIZE_STATUSES);
  }
  const resourcesPath = STATUS.child("allocatedResources");
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    validateResourceKey(name, resourcesPath, errors);
    validateQuantity(name, amount, resourcesPath.key(name), errors);
  }
}

function validateResourceKey(name: string, path: FieldPath, errors: FieldErrors): void {
  const count = errors.list.length;
  validateLabelName(name, path, errors);
  if (errors.list.length === count && isNative(name) && name !== "storage")
    errors.notSupported(path, name, ["storage"]);
}
