import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { isStandardQuota, validateQuantity, validateQuotaResourceName } from "./resource-name.ts";

/** https://kubernetes.io/docs/concepts/policy/resource-quotas/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");
const POD_RESOURCES = new Set([
  "pods",
  ...["cpu", "memory"].flatMap((name) => [name, `limits.${name}`, `requests.${name}`]),
]);
const CLAIM_RESOURCES = new Set(["persistentvolumeclaims", "requests.storage"]);
const ONLY_PODS = new Set(["pods"]);

/** The scopes, and what of a quota they can be about. */
const SCOPES: Readonly<Record<string, ReadonlySet<string>>> = {
  BestEffort: ONLY_PODS,
  NotBestEffort: POD_RESOURCES,
  Terminating: POD_RESOURCES,
  NotTerminating: POD_RESOURCES,
  PriorityClass: POD_RESOURCES,
  CrossNamespacePodAffinity: POD_RESOURCES,
  VolumeAttributesClass: CLAIM_RESOURCES,
};
const EXISTING_ONLY = new Set([
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
]);

export function validateResourceQuota(quota: ResourceQuota, errors: FieldErrors): void {
  const spec = quota.spec ?? {};
  validateAmounts(spec.hard ?? {}, SPEC.child("hard"), errors);
  validateScopes(spec, SPEC.child("scopes"), errors);
  if (spec.scopeSelector) validateSelector(spec, SPEC.child("scopeSelector").child("matchExpressions"), errors);
  validateResourceQuotaStatus(quota, errors);
}

export function validateResourceQuotaStatus({ status }: ResourceQuota, errors: FieldErrors): void {
  for (const part of ["hard", "used"] as const) validateAmounts(status?.[part] ?? {}, STATUS.child(part), errors);
}

function validateAmounts(amounts: Readonly<Record<string, string>>, path: FieldPath, errors: FieldErrors): void {
  for (const [name, amount] of Object.entries(amounts)) {
    validateQuotaResourceName(name, path.key(name), errors);
    validateQuantity(name, amount, path.key(name), errors);
  }
}

function validateScopes({ scopes = [], hard = {} }: ResourceQuotaSpec, path: FieldPath, errors: FieldErrors): void {
  for (const scope of scopes) {
    if (!SCOPES[scope]) errors.invalid(path, scopes, "unsupported scope");
    errors.invalidAll(path, scopes, misfits(scope, hard));
  }
  validateNoConflict(scopes, scopes, path, errors);
}

/** A problem for each resource that the quota limits and the scope is not about. */
function misfits(scope: string, hard: Readonly<Record<string, string>>): string[] {
  const fitting = SCOPES[scope];
  const names = Object.keys(hard).filter((name) => fitting && isStandardQuota(name) && !fitting.has(name));
  return names.map(() => "unsupported scope applied to resource");
}

function validateNoConflict(
  scopes: readonly string[],
  shown: readonly string[] | null,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of ["BestEffort", "Terminating"])
    if (scopes.includes(name) && scopes.includes(`Not${name}`)) errors.invalid(path, shown, "conflicting scopes");
}

function validateSelector(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldErrors): void {
  const { scopeSelector, hard = {}, scopes } = spec;
  const expressions = scopeSelector?.matchExpressions ?? [];
  for (const expression of expressions) {
    if (!SCOPES[expression.scopeName])
      errors.invalid(path.child("scopeName"), expression.scopeName, "unsupported scope");
    const shown = scopeSelector && internalForm("ScopeSelector", scopeSelector);
    errors.invalidAll(path, shown, misfits(expression.scopeName, hard));
    validateOperator(expression, path, errors);
  }
  validateNoConflict(
    expressions.map(({ scopeName }) => scopeName),
    scopes ?? null,
    path,
    errors,
  );
}

function validateOperator(
  { scopeName, operator, values }: ScopedResourceSelectorRequirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (EXISTING_ONLY.has(scopeName) && operator !== "Exists") {
    const why =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.invalid(path.child("operator"), operator, why);
  }
  const valuesPath = path.child("values");
  if (operator === "In" || operator === "NotIn") {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (!values?.length) errors.required(valuesPath, why);
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values?.length) errors.invalid(valuesPath, values, why);
  } else errors.invalid(path.child("operator"), operator, "not a valid selector operator");
}

export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota, errors: FieldErrors): void {
  validateResourceQuota(quota, errors);
  const scopes = quota.spec?.scopes ?? [];
  const before = new Set(old.spec?.scopes);
  if (new Set(scopes).symmetricDifference(before).size > 0)
    errors.immutable(SPEC.child("scopes"), quota.spec?.scopes ?? null);
}
