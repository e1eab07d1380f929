import type { ControllerRevision } from "../generated/apps-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateNonNegative } from "./object-meta.ts";
import { isDeepEqual } from "./semantic-equality.ts";

const DATA = FieldPath.of("data");

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/ */
export function validateControllerRevision(revision: ControllerRevision, errors: FieldErrors): void {
  validateNumber(revision, errors);
  const { data } = revision;
  if (data === undefined || data === null) errors.required(DATA, "data is mandatory");
  else if (typeof data !== "object" || Array.isArray(data)) errors.required(DATA, "data must be a valid JSON object");
}

export function validateControllerRevisionUpdate(
  revision: ControllerRevision,
  old: ControllerRevision,
  errors: FieldErrors,
): void {
  validateNumber(revision, errors);
  if (!isDeepEqual(revision.data, old.data)) errors.immutable(DATA, revision.data);
}

function validateNumber({ revision }: ControllerRevision, errors: FieldErrors): void {
  validateNonNegative(revision, FieldPath.of("revision"), errors);
}
