import type { ContainerStatus, Pod, PodCondition, PodStatus } from "../../api/generated/core-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { containerStatus } from "./container-status.ts";
import { isOverDeadline } from "./deadline.ts";
import { isSidecar, isToRestart } from "./restart.ts";
import { factsOf, hasEnded, isRunning, type PodView } from "./view.ts";

type Phase = NonNullable<PodStatus["phase"]>;

/**
 * The pod's status as the kubelet would write it: phase, conditions, state of each container.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 */
export function podStatus(view: PodView, now: number): PodStatus {
  const { pod, hostIP, facts } = view;
  // A pod that was over before this agent knew it: there is nothing to add.
  if (pod.status && wasOver(pod) && Object.keys(facts.containers).length === 0) return pod.status;
  const isFinal = isEnding(view, now) && !anyRunning(view);
  const init = (pod.spec.initContainers ?? []).map((container) => containerStatus(view, container, true, isFinal, now));
  const main = pod.spec.containers.map((container) => containerStatus(view, container, false, isFinal, now));
  const phase = phaseOf(pod, main, isFinal);
  const isLate = isOverDeadline(view, now) && isFinal && pod.status?.reason === undefined && !wasOver(pod);
  const conditions = conditionsOf(view, phase, init, main, now);
  return {
    ...pod.status,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    ...(isLate && {
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    }),
    conditions,
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(facts.podIP !== undefined && { podIP: facts.podIP, podIPs: [{ ip: facts.podIP }] }),
    startTime: formatTimestamp(facts.acceptedAt),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: main,
  };
}

const wasOver = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

/** Whether no container of the pod will be started any more. */
function isEnding(view: PodView, now: number): boolean {
  const { pod, gone } = view;
  if (gone || pod.metadata.deletionTimestamp !== undefined || wasOver(pod) || isOverDeadline(view, now)) return true;
  return initHasFailed(view) || othersAreDone(view);
}

function initHasFailed(view: PodView): boolean {
  return (view.pod.spec.initContainers ?? []).some((container) => {
    const { current } = factsOf(view, container.name);
    return hasEnded(current) && current.end.exitCode !== 0 && !isToRestart(view.pod, container, current);
  });
}

function othersAreDone(view: PodView): boolean {
  return view.pod.spec.containers.every((container) => {
    const { current } = factsOf(view, container.name);
    return hasEnded(current) && !isToRestart(view.pod, container, current);
  });
}

function anyRunning({ facts }: PodView): boolean {
  return Object.values(facts.containers).some(({ current }) => isRunning(current));
}

function phaseOf(pod: Pod, main: readonly ContainerStatus[], isFinal: boolean): Phase {
  const before = pod.status?.phase;
  if (before === "Succeeded" || before === "Failed") return before;
  if (isFinal) return main.every((status) => status.state?.terminated?.exitCode === 0) ? "Succeeded" : "Failed";
  return main.some(hasNeverRun) ? "Pending" : "Running";
}

function hasNeverRun({ state, lastState }: ContainerStatus): boolean {
  return state?.waiting !== undefined && lastState?.terminated === undefined;
}

/** In the kubelet's order; conditions of others (readiness gates) are kept. */
function conditionsOf(
  view: PodView,
  phase: Phase,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  now: number,
): readonly PodCondition[] {
  const { pod, facts } = view;
  const containers = containersReady(pod, phase, init, main);
  const own: readonly Verdict[] = [
    { type: "PodReadyToStartContainers", status: facts.surroundings === "ready" },
    initialized(pod, phase, init, main),
    { ...ready(pod, containers), type: "Ready" },
    containers,
    { type: "PodScheduled", status: true },
  ];
  const types = new Set(own.map(({ type }) => type));
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !types.has(type));
  return [...others, ...own.map((verdict) => condition(pod, verdict, now))];
}

interface Verdict {
  readonly type: string;
  readonly status: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** The time of the last change stays as long as the status does. */
function condition(pod: Pod, { type, status, reason, message }: Verdict, now: number): PodCondition {
  const before = pod.status?.conditions?.find((one) => one.type === type);
  const text = status ? "True" : "False";
  const since = before?.status === text ? before.lastTransitionTime : undefined;
  return {
    type,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    status: text,
    lastTransitionTime: since ?? formatTimestamp(now),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}

function initialized(
  pod: Pod,
  phase: Phase,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): Verdict {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: true, reason: "PodCompleted" };
  const hasStarted = main.some(
    (status) => status.state?.running !== undefined || status.lastState?.terminated !== undefined,
  );
  const missing = init.filter((status, index) => {
    const container = pod.spec.initContainers?.[index];
    if (container && isSidecar(container)) return !hasStarted && status.started !== true;
    return status.state?.terminated?.exitCode !== 0;
  });
  if (missing.length === 0 || hasStarted) return { type, status: true };
  const names = missing.map(({ name }) => name).join(" ");
  return {
    type,
    status: false,
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${names}]`,
  };
}

function containersReady(
  pod: Pod,
  phase: Phase,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): Verdict {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, status: false, reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: false, reason: "PodFailed" };
  const sidecars = init.filter((_, index) => {
    const container = pod.spec.initContainers?.[index];
    return container !== undefined && isSidecar(container);
  });
  const unready = [...sidecars, ...main].filter((status) => !status.ready).map(({ name }) => name);
  if (unready.length === 0) return { type, status: true };
  return {
    type,
    status: false,
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
}

/** Ready also needs the conditions that the pod's readiness gates name. */
function ready(pod: Pod, containers: Verdict): Verdict {
  if (!containers.status) return containers;
  const problems = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    const name = JSON.stringify(conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate ${name} does not exist.`];
    return gate.status === "True" ? [] : [`the status of pod readiness gate ${name} is not "True", but ${gate.status}`];
  });
  if (problems.length === 0) return { type: "Ready", status: true };
  return { type: "Ready", status: false, reason: "ReadinessGatesNotReady", message: problems.join(", ") };
}
