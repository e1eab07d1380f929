import type { ContainerStatus, Pod } from "../../api/generated/core-v1.ts";
import { isDeleting, isReady } from "../pods/readiness.ts";

/** A pod of the new version that was ready once, and its restarts up to then. */
export interface KnownPod {
  readonly uid: string;
  readonly restarts: number;
}

/** The pods known so far and those that are ready now. Restarts before a pod was ready belong to its start. */
export function knownPods(known: readonly KnownPod[], pods: readonly Pod[]): readonly KnownPod[] {
  const seen = new Set(known.map(({ uid }) => uid));
  const joined = pods.filter((pod) => isReady(pod) && !isDeleting(pod) && !seen.has(pod.metadata.uid));
  if (joined.length === 0) return known;
  return [...known, ...joined.map((pod) => ({ uid: pod.metadata.uid, restarts: restartsOf(pod) }))];
}

/**
 * The rule that needs no statistics: a new pod that exits, restarts or, having been ready, no longer is, ends the release.
 * Pods that somebody deletes are not the version's fault.
 */
export function troubleOf(known: readonly KnownPod[], pods: readonly Pod[]): string | undefined {
  for (const pod of pods) {
    if (isDeleting(pod)) continue;
    const before = known.find(({ uid }) => uid === pod.metadata.uid);
    const ended = exited(pod);
    if (ended) return ended;
    if (restartsOf(pod) > (before?.restarts ?? 0)) return restarted(pod);
    if (before && !isReady(pod)) return `pod ${pod.metadata.name} is no longer ready${because(pod)}`;
  }
  return undefined;
}

function restartsOf(pod: Pod): number {
  return statuses(pod).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function exited(pod: Pod): string | undefined {
  for (const { name, state } of statuses(pod)) {
    if (!state?.terminated) continue;
    const { exitCode, reason } = state.terminated;
    return `container ${name} of pod ${pod.metadata.name} exited with code ${exitCode}${reason ? ` (${reason})` : ""}`;
  }
  return pod.status?.phase === "Failed" ? `pod ${pod.metadata.name} failed${because(pod)}` : undefined;
}

function restarted(pod: Pod): string {
  const last = statuses(pod).find(({ lastState }) => lastState?.terminated)?.lastState?.terminated;
  const how = last ? `: it had exited with code ${last.exitCode}${last.reason ? ` (${last.reason})` : ""}` : "";
  return `pod ${pod.metadata.name} restarted${how}`;
}

function because(pod: Pod): string {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === "Ready" && status !== "True");
  const text = pod.status?.message ?? condition?.message ?? condition?.reason;
  return text ? `: ${text}` : "";
}

function statuses(pod: Pod): readonly ContainerStatus[] {
  return pod.status?.containerStatuses ?? [];
}
