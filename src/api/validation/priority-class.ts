import type { PriorityClass } from "../generated/scheduling-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */

const RESERVED = "system-";
const HIGHEST = 1_000_000_000;
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  "system-node-critical": 2 * HIGHEST + 1000,
  "system-cluster-critical": 2 * HIGHEST,
};
const PREEMPTION_POLICIES = ["PreemptLowerPriority", "Never"];

export function validatePriorityClass(priorityClass: PriorityClass, errors: FieldErrors): void {
  const {
    metadata: { name },
    value = 0,
  } = priorityClass;
  if (name.startsWith(RESERVED)) {
    const problem = systemClassProblem(priorityClass);
    const why = `priority class names with '${RESERVED}' prefix are reserved for system use only. error: ${problem}`;
    if (problem !== undefined) errors.forbidden(FieldPath.of("metadata").child("name"), why);
  } else if (value > HIGHEST)
    errors.forbidden(FieldPath.of("value"), `maximum allowed value of a user defined priority is ${HIGHEST}`);
  if (priorityClass.preemptionPolicy !== undefined)
    errors.requiredOneOf(FieldPath.of("preemptionPolicy"), priorityClass.preemptionPolicy, PREEMPTION_POLICIES);
}

function systemClassProblem({ metadata: { name }, value, globalDefault }: PriorityClass): string | undefined {
  const expected = SYSTEM_CLASSES[name];
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export function validatePriorityClassUpdate(
  priorityClass: PriorityClass,
  old: PriorityClass,
  errors: FieldErrors,
): void {
  if (priorityClass.value !== old.value) errors.forbidden(FieldPath.of("value"), "may not be changed in an update.");
  const policy = priorityClass.preemptionPolicy;
  if (policy !== old.preemptionPolicy) errors.immutable(FieldPath.of("preemptionPolicy"), policy ?? null);
}
