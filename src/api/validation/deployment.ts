import type { Deployment, DeploymentStrategy, RollingUpdateDeployment } from "../generated/apps-v1.ts";
import { numberOf, validateAmount, validateNotMoreThanAll } from "./amount.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { validateNonNegative } from "./object-meta.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import {
  validateAtMost,
  validateCounts,
  validateNotDecremented,
  validateSelectedTemplate,
  validateSelector,
} from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");

export function validateDeployment({ spec }: Deployment, errors: FieldErrors): void {
  validateCounts(spec, ["replicas"], SPEC, errors);
  validateSelector(spec.selector, "deployment", SPEC.child("selector"), errors);
  validateSelectedTemplate(spec, "ReplicaSet", SPEC, errors);
  validateStrategy(spec.strategy ?? {}, SPEC.child("strategy"), errors);
  validateCounts(spec, ["minReadySeconds", "revisionHistoryLimit"], SPEC, errors);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline === undefined) return;
  const path = SPEC.child("progressDeadlineSeconds");
  validateNonNegative(deadline, path, errors);
  if (deadline <= (spec.minReadySeconds ?? 0)) errors.invalid(path, deadline, "must be greater than minReadySeconds");
}

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment, errors: FieldErrors): void {
  validateDeployment(deployment, errors);
  const { selector } = deployment.spec;
  if (!isDeepEqual(selector, old.spec.selector)) errors.immutable(SPEC.child("selector"), selector);
}

const STRATEGIES = ["Recreate", "RollingUpdate"];

function validateStrategy(strategy: DeploymentStrategy, path: FieldPath, errors: FieldErrors): void {
  const { type, rollingUpdate } = strategy;
  const rollingPath = path.child("rollingUpdate");
  if (type === "Recreate") {
    if (rollingUpdate) errors.forbidden(rollingPath, "may not be specified when strategy `type` is 'Recreate'");
  } else if (type !== "RollingUpdate")
    errors.notSupported(path, internalForm("DeploymentStrategy", strategy), STRATEGIES);
  else if (rollingUpdate) validateRollingUpdate(rollingUpdate, rollingPath, errors);
  else errors.required(rollingPath, "this should be defaulted and never be nil");
}

function validateRollingUpdate(update: RollingUpdateDeployment, path: FieldPath, errors: FieldErrors): void {
  const { maxUnavailable = 0, maxSurge = 0 } = update;
  const unavailablePath = path.child("maxUnavailable");
  validateAmount(maxUnavailable, unavailablePath, errors);
  validateAmount(maxSurge, path.child("maxSurge"), errors);
  if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0)
    errors.invalid(unavailablePath, maxUnavailable, "may not be 0 when `maxSurge` is 0");
  validateNotMoreThanAll(maxUnavailable, unavailablePath, errors);
}

export function validateDeploymentStatus({ status = {} }: Deployment, old: Deployment, errors: FieldErrors): void {
  validateCounts(
    status,
    [
      "observedGeneration",
      "replicas",
      "updatedReplicas",
      "readyReplicas",
      "availableReplicas",
      "unavailableReplicas",
      "terminatingReplicas",
      "collisionCount",
    ],
    STATUS,
    errors,
  );
  const parts = ["updatedReplicas", "readyReplicas", "availableReplicas"] as const;
  validateAtMost(status, parts, status.replicas, "status.replicas", STATUS, errors);
  validateAtMost(status, ["availableReplicas"], status.readyReplicas, "readyReplicas", STATUS, errors);
  validateNotDecremented(status.collisionCount, old.status?.collisionCount, STATUS.child("collisionCount"), errors);
}
