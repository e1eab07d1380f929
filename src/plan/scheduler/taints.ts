import type { Node, Pod, Taint, Toleration } from "../../api/generated/core-v1.ts";

const UNSCHEDULABLE: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Whether the toleration is about the taint. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator = "Equal", value = "", effect } = toleration;
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === "Exists") return true;
  if (!key) return false;
  return operator === "Equal" && value === (taint.value ?? "");
}

export function isTolerated(taint: Taint, pod: Pod): boolean {
  return (pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

/** The first taint that keeps the pod away from the node. */
export function untoleratedTaint(pod: Pod, node: Node): Taint | undefined {
  return node.spec.taints?.find((taint) => taint.effect !== "PreferNoSchedule" && !isTolerated(taint, pod));
}

/** Taints that the pod would rather avoid. */
export function unwelcomeTaints(pod: Pod, node: Node): number {
  return (node.spec.taints ?? []).filter((taint) => taint.effect === "PreferNoSchedule" && !isTolerated(taint, pod))
    .length;
}

/** Whether the node was cordoned and the pod does not mind that not. */
export function isCordonedFor(pod: Pod, node: Node): boolean {
  return node.spec.unschedulable === true && !isTolerated(UNSCHEDULABLE, pod);
}
