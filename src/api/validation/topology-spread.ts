import type { TopologySpreadConstraint } from "../generated/core-v1.ts";
import { validateMatchLabelKeys } from "./affinity.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelSelector } from "./labels.ts";
import { validatePositive } from "./object-meta.ts";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */

const ACTIONS = ["DoNotSchedule", "ScheduleAnyway"];
const NODE_POLICIES = ["Honor", "Ignore"];

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, constraint] of constraints.entries()) {
    const constraintPath = path.index(i);
    const { topologyKey, whenUnsatisfiable } = constraint;
    validatePositive(constraint.maxSkew, constraintPath.child("maxSkew"), errors);
    if (topologyKey === "") errors.required(constraintPath.child("topologyKey"), "can not be empty");
    errors.oneOf(constraintPath.child("whenUnsatisfiable"), whenUnsatisfiable, ACTIONS);
    const isRepeated = constraints
      .slice(i + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (isRepeated)
      errors.duplicate(
        constraintPath.child("{topologyKey, whenUnsatisfiable}"),
        `{${topologyKey}, ${whenUnsatisfiable}}`,
      );
    validateMinDomains(constraint, constraintPath.child("minDomains"), errors);
    errors.oneOf(constraintPath.child("nodeAffinityPolicy"), constraint.nodeAffinityPolicy, NODE_POLICIES);
    errors.oneOf(constraintPath.child("nodeTaintsPolicy"), constraint.nodeTaintsPolicy, NODE_POLICIES);
    validateMatchLabelKeys(constraint.matchLabelKeys ?? [], [], constraint.labelSelector, constraintPath, errors);
    validateLabelSelector(constraint.labelSelector, constraintPath.child("labelSelector"), errors);
  }
}

function validateMinDomains(
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (minDomains === undefined) return;
  validatePositive(minDomains, path, errors);
  if (whenUnsatisfiable === "DoNotSchedule") return;
  const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  errors.invalid(path, minDomains, why);
}
