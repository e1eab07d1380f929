import type { DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet } from "../generated/apps-v1.ts";
import { numberOf, validateAmount, validateNotMoreThanAll } from "./amount.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { goSelector, validateLabelSelector } from "./labels.ts";
import { validatePodTemplateSpec } from "./pod-template.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import {
  matcherOf,
  selectsAll,
  validateCounts,
  validateLasting,
  validateNotDecremented,
  validateSelection,
} from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");

export function validateDaemonSet({ spec }: DaemonSet, errors: FieldErrors): void {
  const selectorPath = SPEC.child("selector");
  const templatePath = SPEC.child("template");
  validateLabelSelector(spec.selector, selectorPath, errors);
  const matcher = matcherOf(spec.selector);
  if (matcher) validateSelection(matcher, spec.template, templatePath, errors);
  if (spec.selector && selectsAll(spec.selector))
    errors.invalid(selectorPath, goSelector(spec.selector), "empty selector is invalid for daemonset");
  validatePodTemplateSpec(spec.template, templatePath, errors);
  validateLasting(spec.template, "DaemonSet", templatePath, errors);
  validateCounts(spec, ["minReadySeconds"], SPEC, errors);
  validateStrategy(spec.updateStrategy ?? {}, SPEC.child("updateStrategy"), errors);
  validateCounts(spec, ["revisionHistoryLimit"], SPEC, errors);
}

export function validateDaemonSetUpdate(set: DaemonSet, old: DaemonSet, errors: FieldErrors): void {
  const { selector } = set.spec;
  if (!isDeepEqual(selector, old.spec.selector)) errors.immutable(SPEC.child("selector"), goSelector(selector));
  validateDaemonSet(set, errors);
}

const STRATEGIES = ["RollingUpdate", "OnDelete"];

function validateStrategy(strategy: DaemonSetUpdateStrategy, path: FieldPath, errors: FieldErrors): void {
  const { type, rollingUpdate } = strategy;
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate")
    errors.notSupported(path, internalForm("DaemonSetUpdateStrategy", strategy), STRATEGIES);
  else if (rollingUpdate) validateRollingUpdate(rollingUpdate, path.child("rollingUpdate"), errors);
  else errors.required(path.child("rollingUpdate"));
}

function validateRollingUpdate(update: RollingUpdateDaemonSet, path: FieldPath, errors: FieldErrors): void {
  const { maxUnavailable = 0, maxSurge = 0 } = update;
  const unavailablePath = path.child("maxUnavailable");
  const surgePath = path.child("maxSurge");
  validateAmount(maxUnavailable, unavailablePath, errors);
  validateAmount(maxSurge, surgePath, errors);
  validateNotMoreThanAll(maxUnavailable, unavailablePath, errors);
  validateNotMoreThanAll(maxSurge, surgePath, errors);
  const hasUnavailable = numberOf(maxUnavailable) !== 0;
  const hasSurge = numberOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) errors.invalid(surgePath, maxSurge, "may not be set when maxUnavailable is non-zero");
  else if (!hasUnavailable && !hasSurge) errors.required(unavailablePath, "cannot be 0 when maxSurge is 0");
}

export function validateDaemonSetStatus({ status }: DaemonSet, old: DaemonSet, errors: FieldErrors): void {
  if (!status) return;
  validateCounts(
    status,
    [
      "currentNumberScheduled",
      "numberMisscheduled",
      "desiredNumberScheduled",
      "numberReady",
      "observedGeneration",
      "updatedNumberScheduled",
      "numberAvailable",
      "numberUnavailable",
      "collisionCount",
    ],
    STATUS,
    errors,
  );
  validateNotDecremented(status.collisionCount, old.status?.collisionCount, STATUS.child("collisionCount"), errors);
}
