import { labelSelectorOfMap } from "../../lib/label-selector.ts";
import type { ReplicationController } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validatePodTemplateSpec } from "./pod-template.ts";
import { validateAtMost, validateCounts, validateLasting, validateSelection } from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");

export function validateReplicationController({ spec }: ReplicationController, errors: FieldErrors): void {
  const { selector = {}, template, replicas } = spec ?? {};
  validateCounts(spec ?? {}, ["minReadySeconds"], SPEC, errors);
  const hasSelector = Object.keys(selector).length > 0;
  if (!hasSelector) errors.required(SPEC.child("selector"));
  if (replicas === undefined) errors.required(SPEC.child("replicas"));
  else validateCounts({ replicas }, ["replicas"], SPEC, errors);
  const path = SPEC.child("template");
  if (!template) return errors.required(path);
  if (hasSelector) validateSelection(labelSelectorOfMap(selector), template, path, errors);
  validatePodTemplateSpec(template, path, errors);
  validateLasting(template, "ReplicationController", path, errors);
}

export function validateReplicationControllerStatus({ status }: ReplicationController, errors: FieldErrors): void {
  if (!status) return;
  const names = [
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
  ] as const;
  validateCounts(status, names, STATUS, errors);
  const parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const;
  validateAtMost(status, parts, status.replicas, "status.replicas", STATUS, errors);
  validateAtMost(status, ["availableReplicas"], status.readyReplicas, "readyReplicas", STATUS, errors);
}
