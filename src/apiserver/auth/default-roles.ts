import type { ClusterRole, ClusterRoleBinding, PolicyRule } from "../../api/generated/rbac-v1.ts";
import type { Draft } from "../../api/object.ts";

/**
 * The roles that every Kubernetes has for people to bind. `admin`, `edit` and `view` are made of others by their labels, so that
 * whoever brings a kind adds its rules to them. What the parts of the engine may do is in builtin-policy.ts.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
 */

/** `resources`: their names, with blanks between. */
function rule(apiGroups: readonly string[], resources: string, verbs: readonly string[]): PolicyRule {
  return { apiGroups, resources: resources.split(" "), verbs };
}

const READ = ["get", "list", "watch"];
const CHANGE = ["create", "delete", "deletecollection", "patch", "update"];
const ALL = [...CHANGE, ...READ].sort();

const ADMIN_RULES: readonly PolicyRule[] = [
  rule(["authorization.k8s.io"], "localsubjectaccessreviews", ["create"]),
  rule(["rbac.authorization.k8s.io"], "rolebindings roles", ALL),
];

const EDIT_RULES: readonly PolicyRule[] = [
  rule([""], "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", READ),
  rule([""], "serviceaccounts", ["impersonate"]),
  rule([""], "pods pods/attach pods/exec pods/portforward pods/proxy", CHANGE),
  rule([""], "pods/eviction", ["create"]),
  rule(
    [""],
    "configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    CHANGE,
  ),
  rule([""], "serviceaccounts/token", ["create"]),
  rule(["", "events.k8s.io"], "events", CHANGE),
  rule(
    ["apps"],
    "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
    CHANGE,
  ),
  rule(["autoscaling"], "horizontalpodautoscalers", CHANGE),
  rule(["batch"], "cronjobs jobs", CHANGE),
  rule(
    ["extensions"],
    "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale",
    CHANGE,
  ),
  rule(["policy"], "poddisruptionbudgets", CHANGE),
  rule(["networking.k8s.io"], "ingresses networkpolicies", CHANGE),
  rule(["coordination.k8s.io"], "leases", ALL),
  rule(["resource.k8s.io"], "resourceclaims resourceclaimtemplates", CHANGE),
];

const VIEW_RULES: readonly PolicyRule[] = [
  rule(
    [""],
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
    READ,
  ),
  rule(
    [""],
    "bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status",
    READ,
  ),
  rule([""], "namespaces", READ),
  rule(["", "events.k8s.io"], "events", READ),
  rule(["discovery.k8s.io"], "endpointslices", READ),
  rule(
    ["apps"],
    "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    READ,
  ),
  rule(["autoscaling"], "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
  rule(["batch"], "cronjobs cronjobs/status jobs jobs/status", READ),
  rule(
    ["extensions"],
    "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
    READ,
  ),
  rule(["policy"], "poddisruptionbudgets poddisruptionbudgets/status", READ),
  rule(["networking.k8s.io"], "ingresses ingresses/status networkpolicies", READ),
  rule(["resource.k8s.io"], "resourceclaims resourceclaims/status resourceclaimtemplates", READ),
];

const EVERYTHING: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

const API_VERSION = "rbac.authorization.k8s.io/v1";
const META = {
  annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
};

function role(
  name: string,
  content: Pick<ClusterRole, "rules" | "aggregationRule">,
  partOf?: string,
): Draft<ClusterRole> {
  const labels = { ...META.labels, ...(partOf && { [aggregateTo(partOf)]: "true" }) };
  return { apiVersion: API_VERSION, kind: "ClusterRole", metadata: { name, ...META, labels }, ...content };
}

/** A role that is made of those with the label of its name. */
function composed(name: string, partOf?: string): Draft<ClusterRole> {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [aggregateTo(name)]: "true" } }] };
  return role(name, { aggregationRule }, partOf);
}

function aggregateTo(name: string): string {
  return `rbac.authorization.k8s.io/aggregate-to-${name}`;
}

export const DEFAULT_ROLES: readonly Draft<ClusterRole>[] = [
  role("cluster-admin", { rules: EVERYTHING }),
  composed("admin"),
  composed("edit", "admin"),
  composed("view", "edit"),
  role("system:aggregate-to-admin", { rules: ADMIN_RULES }, "admin"),
  role("system:aggregate-to-edit", { rules: EDIT_RULES }, "edit"),
  role("system:aggregate-to-view", { rules: VIEW_RULES }, "view"),
];

export const DEFAULT_BINDING: Draft<ClusterRoleBinding> = {
  apiVersion: API_VERSION,
  kind: "ClusterRoleBinding",
  metadata: { name: "cluster-admin", ...META },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:masters" }],
};
