import type { Node, Taint } from "../../api/generated/core-v1.ts";
import type { Admitter } from "./admitter.ts";

const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

/**
 * A new node takes no pods until it is seen to be ready; the controller of nodes takes the taint away.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#taintnodesbycondition
 */
export const nodeTaint: Admitter = {
  name: "TaintNodesByCondition",
  resources: new Set(["/nodes"]),
  admit(_old, object, { operation, subresource }) {
    if (operation !== "create" || subresource !== undefined) return object;
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return object;
    const tainted: Node = { ...node, spec: { ...node.spec, taints: [...taints, NOT_READY] } };
    return tainted;
  },
};
