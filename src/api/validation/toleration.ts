import { labelValueProblems } from "../../lib/label-syntax.ts";
import type { Toleration } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName } from "./labels.ts";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */

export const TAINT_EFFECTS: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations(tolerations: readonly Toleration[], path: FieldPath, errors: FieldErrors): void {
  for (const [i, toleration] of tolerations.entries()) {
    const tolerationPath = path.index(i);
    const { key = "", operator = "", effect = "", tolerationSeconds } = toleration;
    if (key !== "") validateLabelName(key, tolerationPath.child("key"), errors);
    else if (operator !== "Exists") {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.invalid(tolerationPath.child("operator"), operator, why);
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      errors.invalid(
        tolerationPath.child("effect"),
        effect,
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      );
    validateOperator(operator, toleration.value ?? "", tolerationPath.child("operator"), errors);
    if (effect !== "") errors.oneOf(tolerationPath.child("effect"), effect, TAINT_EFFECTS);
  }
}

function validateOperator(operator: string, value: string, path: FieldPath, errors: FieldErrors): void {
  switch (operator) {
    case "":
    case "Equal": {
      const problems = labelValueProblems(value);
      if (problems.length > 0) errors.invalid(path, value, problems.join(";"));
      return;
    }
    case "Exists":
      if (value !== "") errors.invalid(path, value, "value must be empty when `operator` is 'Exists'");
      return;
    case "Lt":
    case "Gt":
      // Known, but behind a feature gate that is off in 1.36.
      return errors.notSupported(path, operator, ["Equal", "Exists", "Lt", "Gt"]);
    default:
      errors.notSupported(path, operator, ["Equal", "Exists"]);
  }
}
