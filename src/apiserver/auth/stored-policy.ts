import type { KubeObject } from "../../api/object.ts";
import type { AdmissionView } from "../admission/admitter.ts";
import type { Binding, Policy, Role } from "./rbac.ts";

const GROUP = "rbac.authorization.k8s.io";

/** The roles and bindings that are stored. */
export function storedPolicy(objects: AdmissionView): Policy {
  return {
    clusterRoleBindings: () => objects.list(`${GROUP}/clusterrolebindings`) as readonly (KubeObject & Binding)[],
    roleBindings: (namespace) => objects.list(`${GROUP}/rolebindings`, namespace) as readonly (KubeObject & Binding)[],
    clusterRole: (name) => objects.get(`${GROUP}/clusterroles`, name) as (KubeObject & Role) | undefined,
    role: (namespace, name) => objects.get(`${GROUP}/roles`, name, namespace) as (KubeObject & Role) | undefined,
  };
}
