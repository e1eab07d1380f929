import type { ReplicaSet } from "../generated/apps-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import { validateAtMost, validateCounts, validateSelectedTemplate, validateSelector } from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");

export function validateReplicaSet({ spec }: ReplicaSet, errors: FieldErrors): void {
  validateCounts(spec, ["replicas", "minReadySeconds"], SPEC, errors);
  // Kubernetes says "deployment" here too.
  validateSelector(spec.selector, "deployment", SPEC.child("selector"), errors);
  validateSelectedTemplate(spec, "ReplicaSet", SPEC, errors);
}

export function validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet, errors: FieldErrors): void {
  validateReplicaSet(set, errors);
  const { selector } = set.spec;
  if (!isDeepEqual(selector, old.spec.selector)) errors.immutable(SPEC.child("selector"), selector);
}

export function validateReplicaSetStatus({ status }: ReplicaSet, errors: FieldErrors): void {
  if (!status) return;
  validateCounts(
    status,
    [
      "replicas",
      "fullyLabeledReplicas",
      "readyReplicas",
      "availableReplicas",
      "observedGeneration",
      "terminatingReplicas",
    ],
    STATUS,
    errors,
  );
  const parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const;
  validateAtMost(status, parts, status.replicas, "status.replicas", STATUS, errors);
  validateAtMost(status, ["availableReplicas"], status.readyReplicas, "readyReplicas", STATUS, errors);
}
