import type { Deployment } from "../../api/generated/apps-v1.ts";

export const DEFAULT_PORTION = "25%";

/** How far a rolling update may stray from the desired number of pods. */
export interface RollingLimits {
  /** Pods above `replicas`. */
  readonly maxSurge: number;
  /** Available pods below `replicas`. */
  readonly maxUnavailable: number;
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function isRolling(deployment: Deployment): boolean {
  return (deployment.spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/**
 * The limits in pods: a percentage of maxSurge is rounded up, one of maxUnavailable down; when both come out as 0, one
 * pod may be unavailable, else nothing could move. 10 replicas, 25 % and 25 %: 3 above, 2 below.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
export function rollingLimits(deployment: Deployment): RollingLimits {
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const replicas = desiredReplicas(deployment);
  const { maxSurge = DEFAULT_PORTION, maxUnavailable = DEFAULT_PORTION } =
    deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = portionOf(replicas, maxSurge, Math.ceil);
  const unavailable = portionOf(replicas, maxUnavailable, Math.floor);
  if (surge === 0 && unavailable === 0) return { maxSurge: 0, maxUnavailable: Math.min(1, replicas) };
  return { maxSurge: surge, maxUnavailable: Math.min(unavailable, replicas) };
}

function portionOf(total: number, portion: number | string, round: (value: number) => number): number {
  if (typeof portion === "number") return portion;
  // 28 * 25 / 100, not 28 * 0.25: the product stays exact.
  return round((total * Number.parseInt(portion, 10)) / 100);
}

/** Available pods that must be left at any moment. */
export function minAvailable(deployment: Deployment): number {
  return desiredReplicas(deployment) - rollingLimits(deployment).maxUnavailable;
}
