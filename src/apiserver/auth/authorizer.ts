import { StatusError } from "../../api/status-error.ts";
import { builtinRules } from "./builtin-policy.ts";
import { type Access, allows, type Policy, type PolicyRule, type ResourceAccess, rulesOf } from "./rbac.ts";
import { AUTHENTICATED, parseServiceAccountName, SUPERUSERS, serviceAccountGroups, type User } from "./user.ts";

/** Decides who may do what: superusers everything, others what built-in and stored rules allow. */
export class Authorizer {
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  isAllowed(user: User, access: Access): boolean {
    if (user.groups.includes(SUPERUSERS)) return true;
    const rules = this.rulesOf(user, "path" in access ? undefined : access.namespace);
    return rules.some((rule) => allows(rule, access));
  }

  /** Those of superusers are told by the role that they are bound to, not by what they may do without it. */
  rulesOf(user: User, namespace: string | undefined): readonly PolicyRule[] {
    return [...builtinRules(user), ...rulesOf(this.#policy, user, namespace)];
  }

  /** Throws Forbidden when `user` may not act as `acting`, or not in one of its groups. */
  authorizeImpersonation(user: User, acting: User): void {
    const account = parseServiceAccountName(acting.username);
    this.authorize(user, {
      verb: "impersonate",
      group: "",
      ...(account
        ? { resource: "serviceaccounts", namespace: account.namespace, name: account.name }
        : { resource: "users", name: acting.username }),
    });
    const implied = account ? serviceAccountGroups(account.namespace) : [];
    for (const name of acting.groups) {
      if (name === AUTHENTICATED || implied.includes(name)) continue;
      this.authorize(user, { verb: "impersonate", group: "", resource: "groups", name });
    }
    if (acting.uid !== undefined)
      this.authorize(user, { verb: "impersonate", group: "authentication.k8s.io", resource: "uids", name: acting.uid });
    for (const [key, values] of Object.entries(acting.extra ?? {}))
      for (const name of values)
        this.authorize(user, {
          verb: "impersonate",
          group: "authentication.k8s.io",
          resource: "userextras",
          subresource: key,
          name,
        });
  }

  /** Throws Forbidden with Kubernetes' text. */
  authorize(user: User, access: Access): void {
    if (this.isAllowed(user, access)) return;
    if ("path" in access) throw new StatusError("Forbidden", `forbidden: ${refusal(user, access)}`, {});
    throw forbidden(access, refusal(user, access));
  }
}

/** `pods "p" is forbidden: …` */
export function forbidden(about: Pick<ResourceAccess, "group" | "resource" | "name">, why: string): StatusError {
  const { group, resource, name } = about;
  const qualified = group === "" ? resource : `${resource}.${group}`;
  return new StatusError("Forbidden", `${qualified}${name ? ` ${JSON.stringify(name)}` : ""} is forbidden: ${why}`, {
    ...(name && { name }),
    ...(group !== "" && { group }),
    kind: resource,
  });
}

function refusal({ username }: User, access: Access): string {
  const who = `User ${JSON.stringify(username)} cannot ${access.verb}`;
  if ("path" in access) return `${who} path ${JSON.stringify(access.path)}`;
  const resource = access.subresource === undefined ? access.resource : `${access.resource}/${access.subresource}`;
  const scope = access.namespace ? `in the namespace ${JSON.stringify(access.namespace)}` : "at the cluster scope";
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(access.group)} ${scope}`;
}
