import type { PodDisruptionBudget } from "../generated/policy-v1.ts";
import { validateAmount, validateNotMoreThanAll } from "./amount.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { validateLabelSelector } from "./labels.ts";
import { validateCounts } from "./workload.ts";

/** https://kubernetes.io/docs/tasks/run-application/configure-pdb/ */

const SPEC = FieldPath.of("spec");
const EVICTION_POLICIES = ["AlwaysAllow", "IfHealthyBudget"];

export function validateDisruptionBudget({ spec }: PodDisruptionBudget, errors: FieldErrors): void {
  if (!spec) return;
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    const shown = internalForm("PodDisruptionBudgetSpec", spec);
    errors.invalid(SPEC, shown, "minAvailable and maxUnavailable cannot be both set");
  }
  for (const name of ["minAvailable", "maxUnavailable"] as const) {
    const amount = spec[name];
    if (amount === undefined) continue;
    validateAmount(amount, SPEC.child(name), errors);
    validateNotMoreThanAll(amount, SPEC.child(name), errors);
  }
  validateLabelSelector(spec.selector, SPEC.child("selector"), errors);
  errors.oneOf(SPEC.child("unhealthyPodEvictionPolicy"), spec.unhealthyPodEvictionPolicy, EVICTION_POLICIES);
}

export function validateDisruptionBudgetStatus({ status }: PodDisruptionBudget, errors: FieldErrors): void {
  if (!status) return;
  const names = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;
  validateCounts(status, names, FieldPath.of("status"), errors);
}
