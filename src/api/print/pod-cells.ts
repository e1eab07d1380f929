import { parseTimestamp } from "../../lib/timestamp.ts";
import { formatAge } from "../../lib/age.ts";
import type { ContainerStatus, Pod } from "../generated/core-v1.ts";
import { age, type Cell, name, NONE } from "./cell.ts";

/** What `kubectl get pods` shows of a pod's containers. */
interface Summary {
  /** The column STATUS: the reason why the pod is not simply running, else its phase. */
  readonly reason: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When a container last ended before it was restarted; milliseconds since the epoch. */
  readonly lastRestart?: number | undefined;
}

function summarise(pod: Pod): Summary {
  const init = summariseInit(pod);
  const total = (pod.spec?.containers.length ?? 0) + sidecarsOf(pod).size;
  const before = { reason: phaseOf(pod), total };
  if (init.waiting !== undefined && !hasCondition(pod, "Initialized"))
    return deleted(pod, { ...before, ...init, reason: init.waiting });

  const statuses = pod.status?.containerStatuses ?? [];
  const running = statuses.filter(isRunning).length;
  return deleted(pod, {
    total,
    reason: reasonOf(pod, init.waiting ?? before.reason, statuses),
    ready: init.ready + running,
    restarts: init.sidecarRestarts + sum(statuses.map((status) => status.restartCount)),
    lastRestart: latest([init.lastSidecarRestart, ...statuses.map(lastEnd)]),
  });
}

function phaseOf(pod: Pod): string {
  const gated = pod.status?.conditions?.some(
    (condition) => condition.type === "PodScheduled" && condition.reason === "SchedulingGated",
  );
  return gated ? "SchedulingGated" : pod.status?.reason || (pod.status?.phase ?? "");
}

function sidecarsOf(pod: Pod): Set<string> {
  const containers = pod.spec?.initContainers ?? [];
  return new Set(
    containers.filter(({ restartPolicy }) => restartPolicy === "Always").map((container) => container.name),
  );
}

interface InitSummary extends Omit<Summary, "reason" | "total"> {
  /** What the first init container that is not done is at; absent when all are done. */
  readonly waiting?: string;
  readonly sidecarRestarts: number;
  readonly lastSidecarRestart?: number | undefined;
}

function summariseInit(pod: Pod): InitSummary {
  const sidecars = sidecarsOf(pod);
  const seen: ContainerStatus[] = [];
  let ready = 0;
  let waiting: string | undefined;
  for (const status of pod.status?.initContainerStatuses ?? []) {
    seen.push(status);
    const started = sidecars.has(status.name) && status.started === true;
    if (status.state?.terminated?.exitCode === 0) continue;
    if (!started) {
      waiting = `Init:${initReason(status) ?? `${seen.length - 1}/${pod.spec?.initContainers?.length ?? 0}`}`;
      break;
    }
    if (status.ready) ready++;
  }
  const sidecarStatuses = seen.filter((status) => sidecars.has(status.name));
  return {
    ready,
    ...(waiting !== undefined && { waiting }),
    restarts: sum(seen.map((status) => status.restartCount)),
    lastRestart: latest(seen.map(lastEnd)),
    sidecarRestarts: sum(sidecarStatuses.map((status) => status.restartCount)),
    lastSidecarRestart: latest(sidecarStatuses.map(lastEnd)),
  };
}

function initReason({ state }: ContainerStatus): string | undefined {
  if (state?.terminated) return endReason(state.terminated);
  const reason = state?.waiting?.reason;
  return reason && reason !== "PodInitializing" ? reason : undefined;
}

function endReason(terminated: {
  readonly reason?: string;
  readonly signal?: number;
  readonly exitCode: number;
}): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

/** The reason of the first container that has one, over the pod's own. */
function reasonOf(pod: Pod, before: string, statuses: readonly ContainerStatus[]): string {
  let reason = before;
  let failure = "";
  for (const { state } of statuses.toReversed()) {
    if (state?.waiting?.reason) reason = state.waiting.reason;
    else if (state?.terminated) {
      reason = endReason(state.terminated);
      if (state.terminated.exitCode !== 0) failure = reason;
    }
  }
  if (reason !== "Completed") return reason;
  const running = statuses.some(isRunning);
  if (running && hasCondition(pod, "Ready")) return "Running";
  return failure || (running ? "NotReady" : reason);
}

function isRunning({ state, ready }: ContainerStatus): boolean {
  return !state?.waiting?.reason && !state?.terminated && ready && state?.running !== undefined;
}

/** A pod that is being deleted shows that, unless it is over, or its node is lost. */
function deleted(pod: Pod, summary: Summary): Summary {
  const { phase, reason } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp === undefined) return summary;
  if (reason === "NodeLost") return { ...summary, reason: "Unknown" };
  return phase === "Succeeded" || phase === "Failed" ? summary : { ...summary, reason: "Terminating" };
}

function hasCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

function lastEnd({ lastState }: ContainerStatus): number | undefined {
  return parseTimestamp(lastState?.terminated?.finishedAt);
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  let found: number | undefined;
  for (const time of times) if (time !== undefined && (found === undefined || time > found)) found = time;
  return found;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter(({ conditionType }) => {
    const condition = pod.status?.conditions?.find(({ type }) => type === conditionType);
    return condition?.status === "True";
  });
  return `${open.length}/${gates.length}`;
}

/** The row of a pod. */
export function podCells(pod: Pod, now: number): ReturnType<Cell>[] {
  const { reason, ready, total, restarts, lastRestart } = summarise(pod);
  const restartsText = restarts > 0 && lastRestart !== undefined ? ` (${formatAge(now - lastRestart)} ago)` : "";
  return [
    name(pod, now),
    `${ready}/${total}`,
    reason,
    `${restarts}${restartsText}`,
    age(pod, now),
    pod.status?.podIPs?.[0]?.ip || NONE,
    pod.spec?.nodeName || NONE,
    pod.status?.nominatedNodeName || NONE,
    readinessGates(pod),
  ];
}

/** A pod that is over, as clients that wait for rows to complete see it. */
export function podConditions(pod: Pod): readonly TableRowCondition[] | undefined {
  switch (pod.status?.phase) {
    case "Succeeded":
      return [completed("Succeeded", "The pod has completed successfully.")];
    case "Failed":
      return [completed("Failed", "The pod failed.")];
    default:
      return undefined;
  }
}

export interface TableRowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

function completed(reason: string, message: string): TableRowCondition {
  return { type: "Completed", status: "True", reason, message };
}
