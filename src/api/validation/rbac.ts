import { AppError } from "../../lib/app-error.ts";
import { labelSelectorOf } from "../../lib/label-selector.ts";
import type { ClusterRole, PolicyRule, Role, RoleBinding, Subject } from "../generated/rbac-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { validateLabelSelector } from "./labels.ts";
import { pathSegmentProblems, subdomainProblems } from "./names.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */

const GROUP = "rbac.authorization.k8s.io";
const RULES = FieldPath.of("rules");

export function validateRole({ rules }: Role, errors: FieldErrors): void {
  for (const [i, rule] of (rules ?? []).entries()) validateRule(rule, true, RULES.index(i), errors);
}

export function validateClusterRole({ rules, aggregationRule }: ClusterRole, errors: FieldErrors): void {
  for (const [i, rule] of (rules ?? []).entries()) validateRule(rule, false, RULES.index(i), errors);
  if (!aggregationRule) return;
  const path = FieldPath.of("aggregationRule").child("clusterRoleSelectors");
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0)
    errors.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
  for (const [i, selector] of selectors.entries()) {
    validateLabelSelector(selector, path.index(i), errors);
    try {
      labelSelectorOf(selector);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      errors.invalid(path.index(i), null, "invalid label selector.");
    }
  }
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, path: FieldPath, errors: FieldErrors): void {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs: urls = [] } = rule;
  if (!rule.verbs?.length) errors.required(path.child("verbs"), "verbs must contain at least one value");
  if (urls.length > 0) {
    const urlsPath = path.child("nonResourceURLs");
    if (isNamespaced) errors.invalid(urlsPath, urls, "namespaced rules cannot apply to non-resource URLs");
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0)
      errors.invalid(urlsPath, urls, "rules cannot apply to both regular resources and non-resource URLs");
    return;
  }
  if (apiGroups.length === 0)
    errors.required(path.child("apiGroups"), "resource rules must supply at least one api group");
  if (resources.length === 0)
    errors.required(path.child("resources"), "resource rules must supply at least one resource");
}

/** Bindings of both kinds have the same form. */
type AnyBinding = Pick<RoleBinding, "roleRef" | "subjects">;

export function validateRoleBinding(binding: AnyBinding, errors: FieldErrors): void {
  validateAnyBinding(binding, true, errors);
}

export function validateClusterRoleBinding(binding: AnyBinding, errors: FieldErrors): void {
  validateAnyBinding(binding, false, errors);
}

function validateAnyBinding({ roleRef, subjects = [] }: AnyBinding, isNamespaced: boolean, errors: FieldErrors): void {
  const path = FieldPath.of("roleRef");
  errors.oneOf(path.child("apiGroup"), roleRef.apiGroup ?? "", [GROUP]);
  errors.oneOf(path.child("kind"), roleRef.kind, isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]);
  if (roleRef.name === "") errors.required(path.child("name"));
  else errors.invalidAll(path.child("name"), roleRef.name, pathSegmentProblems(roleRef.name));
  for (const [i, subject] of subjects.entries())
    validateSubject(subject, isNamespaced, FieldPath.of("subjects").index(i), errors);
}

const SUBJECTS = ["ServiceAccount", "User", "Group"];

function validateSubject(subject: Subject, isNamespaced: boolean, path: FieldPath, errors: FieldErrors): void {
  const { kind, name, apiGroup = "", namespace = "" } = subject;
  if (name === "") errors.required(path.child("name"));
  if (kind === "User" || kind === "Group") errors.oneOf(path.child("apiGroup"), apiGroup, [GROUP]);
  else if (kind === "ServiceAccount") {
    if (name !== "") errors.invalidAll(path.child("name"), name, subdomainProblems(name));
    if (apiGroup !== "") errors.notSupported(path.child("apiGroup"), apiGroup, [""]);
    if (!isNamespaced && namespace === "") errors.required(path.child("namespace"));
  } else errors.notSupported(path.child("kind"), kind, SUBJECTS);
}

export function validateRoleBindingUpdate(binding: AnyBinding, old: AnyBinding, errors: FieldErrors): void {
  validateRoleBinding(binding, errors);
  keepRole(binding, old, errors);
}

export function validateClusterRoleBindingUpdate(binding: AnyBinding, old: AnyBinding, errors: FieldErrors): void {
  validateClusterRoleBinding(binding, errors);
  keepRole(binding, old, errors);
}

function keepRole({ roleRef }: AnyBinding, old: AnyBinding, errors: FieldErrors): void {
  if (!isDeepEqual(roleRef, old.roleRef))
    errors.invalid(FieldPath.of("roleRef"), internalForm("RoleRef", roleRef), "cannot change roleRef");
}
