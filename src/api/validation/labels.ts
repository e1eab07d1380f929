import { labelKeyProblems, labelValueProblems } from "../../lib/label-syntax.ts";
import type { LabelSelector } from "../generated/meta-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

/** Labels and selectors. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */

export function validateLabelName(name: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidAll(path, name, labelKeyProblems(name));
}

export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [name, value] of Object.entries(labels ?? {})) {
    validateLabelName(name, path, errors);
    errors.invalidAll(path, value, labelValueProblems(value));
  }
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export function validateLabelSelector(
  selector: LabelSelector | null | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!selector) return;
  validateLabels(selector.matchLabels, path.child("matchLabels"), errors);
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    validateRequirement(requirement, path.child("matchExpressions").index(i), errors);
  }
}

function validateRequirement({ key, operator, values = [] }: Requirement, path: FieldPath, errors: FieldErrors): void {
  validateValueCount(operator, values, path, errors);
  validateLabelName(key, path.child("key"), errors);
  for (const [i, value] of values.entries()) {
    errors.invalidAll(path.child("values").index(i), value, labelValueProblems(value));
  }
}

/** In and NotIn need values, Exists and DoesNotExist have none; there are no others. */
function validateValueCount(operator: string, values: readonly string[], path: FieldPath, errors: FieldErrors): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0)
        errors.required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
      return;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0)
        errors.forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      return;
    default:
      errors.invalid(path.child("operator"), operator, "not a valid selector operator");
  }
}

/** A map as Go writes it: sorted; one that is not there as null. */
export function goMap(map: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | null {
  return map ? Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))) : null;
}

/** A selector as errors show it. */
export function goSelector(selector: LabelSelector | null | undefined): LabelSelector | null {
  const labels = goMap(selector?.matchLabels);
  return selector ? { ...selector, ...(labels && { matchLabels: labels }) } : null;
}
