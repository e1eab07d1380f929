import type { Namespace } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateKubeFinalizer } from "./object-meta.ts";

const FINALIZERS = FieldPath.of("spec").child("finalizers");

export function validateNamespace(namespace: Namespace, errors: FieldErrors): void {
  for (const finalizer of namespace.spec?.finalizers ?? []) validateKubeFinalizer(finalizer, FINALIZERS, errors);
}

export function validateNamespaceFinalize(namespace: Namespace, errors: FieldErrors): void {
  for (const [i, finalizer] of (namespace.spec?.finalizers ?? []).entries())
    validateKubeFinalizer(finalizer, FINALIZERS.index(i), errors);
}

export function validateNamespaceStatus({ metadata, status }: Namespace, errors: FieldErrors): void {
  const path = FieldPath.of("status").child("Phase");
  const phase = status?.phase ?? "";
  if (metadata.deletionTimestamp === undefined) {
    if (phase !== "Active") errors.invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty");
  } else if (phase !== "Terminating")
    errors.invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
}
