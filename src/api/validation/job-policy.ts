import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from "../generated/batch-v1.ts";
import { quoteGo } from "../../lib/go-format.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateIndexes } from "./index-list.ts";
import { validateLabelName } from "./labels.ts";
import { validateNonNegative } from "./object-meta.ts";

/** What a job makes of pods that fail and succeed. https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */

const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const STATUSES = ["False", "True", "Unknown"];
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const MAX_PATTERNS = 20;
const MAX_INDEXES_LENGTH = 64 * 1024;

export function validateFailurePolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const rulesPath = path.child("rules");
  if (rules.length > MAX_RULES) errors.tooMany(rulesPath, rules.length, MAX_RULES);
  const { containers, initContainers = [] } = spec.template.spec ?? { containers: [] };
  const names = new Set([...(containers ?? []), ...initContainers].map(({ name }) => name));
  for (const [i, rule] of rules.entries()) validateFailureRule(spec, rule, names, rulesPath.index(i), errors);
}

function validateFailureRule(
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  containers: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { onExitCodes, onPodConditions = [] } = rule;
  const action: string = rule.action;
  requireOneOf(path.child("action"), action, ACTIONS, errors);
  if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined)
    errors.invalid(path.child("action"), action, "requires the backoffLimitPerIndex to be set");
  if (onExitCodes) validateExitCodes(onExitCodes, containers, path.child("onExitCodes"), errors);
  const conditionsPath = path.child("onPodConditions");
  if (onPodConditions.length > MAX_PATTERNS) errors.tooMany(conditionsPath, onPodConditions.length, MAX_PATTERNS);
  for (const [i, { type, status = "" }] of onPodConditions.entries()) {
    validateLabelName(type, conditionsPath.index(i).child("type"), errors);
    requireOneOf(conditionsPath.index(i).child("status"), status, STATUSES, errors);
  }
  if (onExitCodes && onPodConditions.length > 0)
    errors.invalidPart(path, "specifying both OnExitCodes and OnPodConditions is not supported");
  if (!onExitCodes && onPodConditions.length === 0)
    errors.invalidPart(path, "specifying one of OnExitCodes and OnPodConditions is required");
}

function requireOneOf(path: FieldPath, value: string, supported: readonly string[], errors: FieldErrors): void {
  if (value === "") errors.required(path, `valid values: [${supported.map(quoteGo).join(" ")}]`);
  else errors.oneOf(path, value, supported);
}

function validateExitCodes(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  containers: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  requireOneOf(path.child("operator"), operator, OPERATORS, errors);
  if (containerName !== undefined && !containers.has(containerName)) {
    const why = "must be one of the container or initContainer names in the pod template";
    errors.invalid(path.child("containerName"), containerName, why);
  }
  const codes = values ?? [];
  const valuesPath = path.child("values");
  if (codes.length === 0) errors.invalid(valuesPath, values, "at least one value is required");
  else if (codes.length > MAX_EXIT_CODES) errors.tooMany(valuesPath, codes.length, MAX_EXIT_CODES);
  for (const [i, code] of codes.entries()) {
    if (operator === "In" && code === 0) errors.invalid(valuesPath.index(i), code, "must not be 0 for the In operator");
    if (codes.indexOf(code) < i) errors.duplicate(valuesPath.index(i), code);
  }
  if (codes.some((code, i) => code < (codes[i - 1] ?? code))) errors.invalid(valuesPath, codes, "must be ordered");
}

export function validateSuccessPolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const rules = spec.successPolicy?.rules ?? [];
  const rulesPath = path.child("rules");
  if (rules.length === 0)
    errors.required(rulesPath, "at least one rules must be specified when the successPolicy is specified");
  if (rules.length > MAX_RULES) errors.tooMany(rulesPath, rules.length, MAX_RULES);
  for (const [i, rule] of rules.entries()) validateSuccessRule(rule, spec.completions ?? 0, rulesPath.index(i), errors);
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, path: FieldPath, errors: FieldErrors): void {
  const { succeededIndexes: indexes, succeededCount: count } = rule;
  if (count === undefined && indexes === undefined)
    errors.required(path, "at least one of succeededCount or succeededIndexes must be specified");
  const indexesPath = path.child("succeededIndexes");
  if (indexes !== undefined && indexes.length > MAX_INDEXES_LENGTH) errors.tooLong(indexesPath, MAX_INDEXES_LENGTH);
  const { total, problem } = validateIndexes(indexes ?? "", completions);
  if (problem !== undefined) errors.invalid(indexesPath, indexes, `error parsing succeededIndexes: ${problem}`);
  if (count === undefined) return;
  const countPath = path.child("succeededCount");
  validateNonNegative(count, countPath, errors);
  const most = (limit: number, what: string): void => {
    if (count > limit) errors.invalid(countPath, count, `must be less than or equal to ${limit} (${what})`);
  };
  most(completions, "the number of specified completions");
  if (indexes !== undefined) most(total, "the number of indexes in the specified succeededIndexes field");
}
