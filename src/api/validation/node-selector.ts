import { labelValueProblems } from "../../lib/label-syntax.ts";
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PreferredSchedulingTerm,
} from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName } from "./labels.ts";
import { subdomainProblems } from "./names.ts";

export function validateNodeSelector(selector: NodeSelector, path: FieldPath, errors: FieldErrors): void {
  const termsPath = path.child("nodeSelectorTerms");
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return errors.required(termsPath, "must have at least one node selector term");
  for (const [i, term] of terms.entries()) validateTerm(term, true, termsPath.index(i), errors);
}

export function validatePreferredTerms(
  terms: readonly PreferredSchedulingTerm[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, { weight, preference }] of terms.entries()) {
    validateWeight(weight, path.index(i).child("weight"), errors);
    validateTerm(preference, false, path.index(i).child("preference"), errors);
  }
}

export function validateWeight(weight: number, path: FieldPath, errors: FieldErrors): void {
  if (weight <= 0 || weight > 100) errors.invalid(path, weight, "must be in the range 1-100");
}

/** @param strict whether values must be values of labels: preferences may name what no node can have */
function validateTerm(term: NodeSelectorTerm, strict: boolean, path: FieldPath, errors: FieldErrors): void {
  for (const [i, requirement] of (term.matchExpressions ?? []).entries())
    validateExpression(requirement, strict, path.child("matchExpressions").index(i), errors);
  for (const [i, requirement] of (term.matchFields ?? []).entries())
    validateField(requirement, path.child("matchFields").index(i), errors);
}

function validateExpression(
  { key, operator, values = [] }: NodeSelectorRequirement,
  strict: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateValueCount(operator, values.length, path, errors);
  validateLabelName(key, path.child("key"), errors);
  if (!strict) return;
  for (const [i, value] of values.entries())
    errors.invalidAll(path.child("values").index(i), value, labelValueProblems(value));
}

function validateValueCount(operator: string, count: number, path: FieldPath, errors: FieldErrors): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (count === 0) errors.required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
      return;
    case "Exists":
    case "DoesNotExist":
      if (count > 0)
        errors.forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      return;
    case "Gt":
    case "Lt":
      if (count !== 1)
        errors.required(path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      return;
    default:
      errors.invalid(path.child("operator"), operator, "not a valid selector operator");
  }
}

/** The only field is the node's name, and one node can be named. */
function validateField(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (operator !== "In" && operator !== "NotIn")
    errors.invalid(path.child("operator"), operator, "not a valid selector operator");
  else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.required(path.child("values"), why);
  }
  if (key !== "metadata.name") return errors.invalid(path.child("key"), key, "not a valid field selector key");
  for (const [i, value] of values.entries())
    errors.invalidAll(path.child("values").index(i), value, subdomainProblems(value));
}
