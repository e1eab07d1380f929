import type { Pod, PodCondition } from "../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";

/** What controllers ask about one pod. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: Pod): boolean {
  return podCondition(pod, "Ready")?.status === "True";
}

/** Time (ms) since which the pod is ready; undefined when it is not. */
export function readySince(pod: Pod): number | undefined {
  const ready = podCondition(pod, "Ready");
  return ready?.status === "True" ? (parseTimestamp(ready.lastTransitionTime) ?? 0) : undefined;
}

/**
 * Time (ms) from which the pod counts as available: ready for `minReadySeconds` without a break. Undefined when the pod
 * is not ready.
 */
export function availableFrom(pod: Pod, minReadySeconds: number): number | undefined {
  const since = readySince(pod);
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}

export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const from = availableFrom(pod, minReadySeconds);
  return from !== undefined && (minReadySeconds === 0 || from <= now);
}

/** Whether the pod has run to its end, well or not. */
export function hasEnded(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}

export function isDeleting(object: { readonly metadata: { readonly deletionTimestamp?: string } }): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Whether the pod counts as a replica: it has not ended and is not being deleted. */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !isDeleting(pod);
}
