import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/core-v1.ts";
import type { FieldPath } from "../validation/field-path.ts";
import { warnOfFraction } from "./byte-quantities.ts";
import { METADATA, SPEC, type Warnings } from "./warnings.ts";

const STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class";
const DEPRECATED_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead';

export function warnOfPersistentVolumeClaim({ metadata, spec }: PersistentVolumeClaim, warnings: Warnings): void {
  warnOfClassAnnotation(metadata.annotations, warnings);
  warnOfClaim(spec, SPEC, warnings);
}

/** The class of a claim or volume was an annotation once. */
export function warnOfClassAnnotation(annotations: Readonly<Record<string, string>> = {}, warnings: Warnings): void {
  if (STORAGE_CLASS in annotations) warnings.at(METADATA.child("annotations").key(STORAGE_CLASS), DEPRECATED_CLASS);
}

/** @param path of the spec */
export function warnOfClaim({ resources }: PersistentVolumeClaimSpec, path: FieldPath, warnings: Warnings): void {
  warnOfFraction(resources?.requests, "storage", path.child("resources.requests"), warnings);
  warnOfFraction(resources?.limits, "storage", path.child("resources.limits"), warnings);
}
