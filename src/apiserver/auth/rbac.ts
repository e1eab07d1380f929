import type { User } from "./user.ts";
import { parseServiceAccountName } from "./user.ts";

/**
 * Role-based access control as a pure function over the stored roles and bindings.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */

/** What somebody wants to do. */
export type Access = ResourceAccess | PathAccess;

export interface ResourceAccess {
  readonly verb: string;
  readonly group: string;
  /** Plural. */
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface PathAccess {
  readonly verb: string;
  readonly path: string;
}

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface Binding {
  readonly metadata: { readonly namespace?: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly Subject[];
}

export interface Role {
  readonly rules?: readonly PolicyRule[];
}

/** The stored roles and bindings. */
export interface Policy {
  clusterRoleBindings(): readonly Binding[];
  roleBindings(namespace: string): readonly Binding[];
  clusterRole(name: string): Role | undefined;
  role(namespace: string, name: string): Role | undefined;
}

/** The rules that hold for `user`: everywhere, and in `namespace` when one is given. */
export function rulesOf(policy: Policy, user: User, namespace: string | undefined): readonly PolicyRule[] {
  const bindings = [...policy.clusterRoleBindings(), ...(namespace ? policy.roleBindings(namespace) : [])];
  return bindings
    .filter((binding) => binding.subjects?.some((subject) => isSubject(subject, user, binding.metadata.namespace)))
    .flatMap(({ roleRef, metadata }) => {
      const role =
        roleRef.kind === "Role" && metadata.namespace
          ? policy.role(metadata.namespace, roleRef.name)
          : policy.clusterRole(roleRef.name);
      return role?.rules ?? [];
    });
}

function isSubject(subject: Subject, user: User, bindingNamespace: string | undefined): boolean {
  switch (subject.kind) {
    case "User":
      return subject.name === user.username;
    case "Group":
      return user.groups.includes(subject.name);
    case "ServiceAccount": {
      const account = parseServiceAccountName(user.username);
      return account?.name === subject.name && account.namespace === (subject.namespace || bindingNamespace);
    }
    default:
      return false;
  }
}

export function allows(rule: PolicyRule, access: Access): boolean {
  if (!includes(rule.verbs, access.verb)) return false;
  if ("path" in access) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, access.path));
  return (
    includes(rule.apiGroups ?? [], access.group) &&
    matchesResource(rule.resources ?? [], access) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(access.name ?? ""))
  );
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes("*") || values.includes(value);
}

/** `pods`, `pods/log`, `*`, or `*` + `/scale` for that subresource of everything. */
function matchesResource(resources: readonly string[], { resource, subresource }: ResourceAccess): boolean {
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  return includes(resources, full) || (subresource !== undefined && resources.includes(`*/${subresource}`));
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
