import type { ContainerResizePolicy, ContainerRestartRule } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

/** When containers are restarted: after they end, and when their resources change. */

const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const RULE_ACTIONS = ["Restart", "RestartAllContainers"];
const RULE_OPERATORS = ["In", "NotIn"];
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;

interface Restarting {
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly ContainerRestartRule[];
}

export function validateContainerRestart(container: Restarting, path: FieldPath, errors: FieldErrors): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const policyPath = path.child("restartPolicy");
  if (restartPolicy !== undefined) errors.oneOf(policyPath, restartPolicy, RESTART_POLICIES);
  else if (rules.length === 0) return;
  else errors.required(policyPath, "must specify restartPolicy when restart rules are used");
  const rulesPath = path.child("restartPolicyRules");
  if (rules.length > MAX_RULES) errors.tooMany(rulesPath, rules.length, MAX_RULES);
  for (const [i, rule] of rules.entries()) validateRule(rule, rulesPath.index(i), errors);
}

/** As of other containers, but nothing more is said of rules without a policy. */
export function validateInitContainerRestart(container: Restarting, path: FieldPath, errors: FieldErrors): void {
  if (container.restartPolicy !== undefined) validateContainerRestart(container, path, errors);
  else if ((container.restartPolicyRules ?? []).length > 0)
    errors.required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
}

function validateRule({ action, exitCodes }: ContainerRestartRule, path: FieldPath, errors: FieldErrors): void {
  errors.oneOf(path.child("action"), action ?? "", RULE_ACTIONS);
  const codesPath = path.child("exitCodes");
  if (!exitCodes) return errors.required(codesPath, "must be specified");
  errors.oneOf(codesPath.child("operator"), exitCodes.operator ?? "", RULE_OPERATORS);
  const count = exitCodes.values?.length ?? 0;
  if (count > MAX_EXIT_CODES) errors.tooMany(codesPath.child("values"), count, MAX_EXIT_CODES);
}

const RESIZABLE = ["cpu", "memory"];
const RESIZE_POLICIES = ["NotRequired", "RestartContainer"];

export function validateResizePolicies(
  policies: readonly ContainerResizePolicy[],
  podRestartPolicy: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [i, { resourceName, restartPolicy }] of policies.entries()) {
    if (seen.has(resourceName)) errors.duplicate(path.index(i), resourceName);
    seen.add(resourceName);
    errors.requiredOneOf(path, resourceName, RESIZABLE);
    errors.requiredOneOf(path, restartPolicy, RESIZE_POLICIES);
    if (podRestartPolicy === "Never" && restartPolicy !== "NotRequired")
      errors.invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
  }
}
