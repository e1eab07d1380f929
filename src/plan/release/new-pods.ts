import type { ContainerStatus, Pod } from "../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { isDeleting, isReady, podCondition } from "../pods/readiness.ts";

/** A pod of the new version that was ready once, and its restarts up to then. */
export interface KnownPod {
  readonly uid: string;
  readonly restarts: number;
}

/**
 * The pods known so far and those that are ready now. Restarts before a pod was ready belong to its start; those that it
 * shares with pods of the old version belong to the machine.
 */
export function knownPods(
  known: readonly KnownPod[],
  pods: readonly Pod[],
  oldPods: readonly Pod[] = [],
): readonly KnownPod[] {
  let next = known;
  for (const pod of pods) {
    if (!isReady(pod) || isDeleting(pod)) continue;
    const { uid } = pod.metadata;
    const restarts = restartsOf(pod);
    const before = next.find((each) => each.uid === uid);
    if (!before) next = [...next, { uid, restarts }];
    else if (before.restarts < restarts && isShared(pod, oldPods))
      next = next.map((each) => (each.uid === uid ? { uid, restarts } : each));
  }
  return next;
}

/**
 * The rule that needs no statistics: a new pod that exits, restarts or, having been ready, no longer is, ends the release.
 * Pods that somebody deletes are not the version's fault, nor is what happens to pods of the old version as well (the
 * machine restarts, a database is away).
 */
export function troubleOf(
  known: readonly KnownPod[],
  pods: readonly Pod[],
  oldPods: readonly Pod[],
): string | undefined {
  for (const pod of pods) {
    const trouble = isDeleting(pod) ? undefined : troubleOfOne(known, pod);
    if (trouble !== undefined && !isShared(pod, oldPods)) return trouble;
  }
  return undefined;
}

function troubleOfOne(known: readonly KnownPod[], pod: Pod): string | undefined {
  const before = known.find(({ uid }) => uid === pod.metadata.uid);
  const ended = exited(pod);
  if (ended !== undefined) return ended;
  if (restartsOf(pod) > (before?.restarts ?? 0)) return restarted(pod);
  return before && !isReady(pod) ? `pod ${pod.metadata.name} is no longer ready${because(pod)}` : undefined;
}

/** Two pods that fail within this time fail for the same reason. */
const TOGETHER_MS = 60_000;
/** The condition Ready is first written as False within this time. */
const START_MS = 5000;

function isShared(pod: Pod, others: readonly Pod[]): boolean {
  const moments = momentsOf(pod);
  return others.some((other) => momentsOf(other).some((a) => moments.some((b) => Math.abs(a - b) <= TOGETHER_MS)));
}

/** When the pod was in trouble: its containers ended, it stopped being ready. */
function momentsOf(pod: Pod): readonly number[] {
  const ready = podCondition(pod, "Ready");
  const times = statuses(pod).flatMap(({ state, lastState }) => [
    state?.terminated?.finishedAt,
    lastState?.terminated?.finishedAt,
  ]);
  if (ready?.status === "False" && !isStarting(pod)) times.push(ready.lastTransitionTime);
  return times.flatMap((time) => parseTimestamp(time) ?? []);
}

/** Not ready since it was made: it has not been well before. */
function isStarting(pod: Pod): boolean {
  const since = parseTimestamp(podCondition(pod, "Ready")?.lastTransitionTime);
  const made = parseTimestamp(pod.metadata.creationTimestamp);
  return since !== undefined && made !== undefined && since - made < START_MS;
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
  const condition = podCondition(pod, "Ready");
  const text = pod.status?.message ?? condition?.message ?? condition?.reason;
  return text ? `: ${text}` : "";
}

function statuses(pod: Pod): readonly ContainerStatus[] {
  return pod.status?.containerStatuses ?? [];
}
