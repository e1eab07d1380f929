import type { KindInfo } from "../table/type-table.ts";

/** How a PUT behaves that differs by kind. */
export interface UpdateRules {
  /** A PUT to a name that does not exist creates the object. */
  readonly allowCreate: boolean;
  /** A PUT without a resourceVersion overwrites whatever is stored. */
  readonly allowUnconditional: boolean;
}

const CREATED_BY_UPDATE = new Set([
  "/Endpoints",
  "/Event",
  "/LimitRange",
  "/Service",
  "events.k8s.io/Event",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
  "coordination.k8s.io/Lease",
  "node.k8s.io/RuntimeClass",
]);
const NEEDS_RESOURCE_VERSION = new Set([
  "policy/PodDisruptionBudget",
  "storage.k8s.io/CSIDriver",
  "storage.k8s.io/CSINode",
  "storage.k8s.io/CSIStorageCapacity",
  "storage.k8s.io/VolumeAttachment",
  "coordination.k8s.io/Lease",
  "node.k8s.io/RuntimeClass",
]);

/** Custom kinds are never created by a PUT, and always need a resourceVersion. */
export function updateRules(info: KindInfo): UpdateRules {
  const name = `${info.group}/${info.kind}`;
  return {
    allowCreate: !info.custom && CREATED_BY_UPDATE.has(name),
    allowUnconditional: !info.custom && !NEEDS_RESOURCE_VERSION.has(name),
  };
}
