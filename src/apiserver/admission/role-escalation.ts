import type { ClusterRole } from "../../api/generated/rbac-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { isDeepEqual } from "../../api/validation/semantic-equality.ts";
import { Authorizer } from "../auth/authorizer.ts";
import type { Binding, PolicyRule, Role } from "../auth/rbac.ts";
import { quotedList, uncovered } from "../auth/rule-cover.ts";
import { storedPolicy } from "../auth/stored-policy.ts";
import { SUPERUSERS } from "../auth/user.ts";
import { notFound } from "../registry/failures.ts";
import { type AdmissionRequest, type Admitter, refusal } from "./admitter.ts";

const GROUP = "rbac.authorization.k8s.io";
const FULL: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

/**
 * Nobody gives what he does not have: the rules of a role that is written or bound must be covered by the writer's own, unless he may
 * `escalate` the role or `bind` it.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export const roleEscalation: Admitter = {
  name: "RoleEscalation",
  resources: new Set(
    ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map((plural) => `${GROUP}/${plural}`),
  ),
  admit(old, object, request) {
    if (request.user.groups.includes(SUPERUSERS) || (old && isOnlyCollected(old, object))) return object;
    if (request.info.kind.endsWith("Binding")) checkBinding(object, request);
    else checkRole(old, object, request);
    return object;
  },
};

function checkRole(old: KubeObject | undefined, object: KubeObject, request: AdmissionRequest): void {
  if (mayDo("escalate", request.info.plural, object.metadata.name, request)) return;
  confirm((object as KubeObject & Role).rules ?? [], object, request);
  const composed = [old, object].some((role) => (role as ClusterRole | undefined)?.aggregationRule);
  if (composed && uncovered(heldBy(request), FULL).length > 0)
    throw refusal(object, request, "must have cluster-admin privileges to use the aggregationRule");
}

function checkBinding(object: KubeObject, request: AdmissionRequest): void {
  const { info, namespace = "", objects } = request;
  const { roleRef } = object as KubeObject & Binding;
  const isLocal = roleRef.kind === "Role";
  if (mayDo("bind", isLocal ? "roles" : "clusterroles", roleRef.name, request)) return;
  const policy = storedPolicy(objects);
  const role = isLocal ? policy.role(namespace, roleRef.name) : policy.clusterRole(roleRef.name);
  if (!role) throw notFound(info, roleRef.name);
  confirm(role.rules ?? [], object, request);
}

function confirm(rules: readonly PolicyRule[], object: KubeObject, request: AdmissionRequest): void {
  const missing = uncovered(heldBy(request), rules);
  if (missing.length === 0) return;
  const { username, groups } = request.user;
  const who = `user ${JSON.stringify(username)} (groups=${quotedList(groups)})`;
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${missing.join("\n")}`;
  throw refusal(object, request, why);
}

function heldBy({ user, namespace, objects }: AdmissionRequest): readonly PolicyRule[] {
  return new Authorizer(storedPolicy(objects)).rulesOf(user, namespace);
}

function mayDo(verb: string, resource: string, name: string, { user, namespace, objects }: AdmissionRequest): boolean {
  const where = namespace === undefined ? {} : { namespace };
  return new Authorizer(storedPolicy(objects)).isAllowed(user, { verb, group: GROUP, resource, name, ...where });
}

/** Whether nothing changes but what the garbage collector works with. */
function isOnlyCollected(old: KubeObject, object: KubeObject): boolean {
  const rest = ({ metadata, ...content }: KubeObject): object => {
    const { finalizers: _, ownerReferences: _o, managedFields: _m, resourceVersion: _r, ...others } = metadata;
    return { ...content, metadata: others };
  };
  return isDeepEqual(rest(old), rest(object));
}
