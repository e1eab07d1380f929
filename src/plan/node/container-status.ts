import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  VolumeMountStatus,
} from "../../api/generated/core-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { containerHash, formatGoDuration, isSidecar, isToRestart, planRestart, podLabel } from "./restart.ts";
import { factsOf, hasEnded, type InstanceFacts, isRunning, type PodView } from "./view.ts";

const LOST_MESSAGE = "The container could not be located when the pod was terminated";

/** What the API says of one container. `isFinal`: nothing of the pod will run any more. */
export function containerStatus(
  view: PodView,
  container: Container,
  isInit: boolean,
  isFinal: boolean,
  now: number,
): ContainerStatus {
  const { current, previous } = factsOf(view, container.name);
  const state = stateOf(view, container, isInit, isFinal, now);
  const lastEnd = state.waiting && hasEnded(current) ? current : previous;
  return {
    name: container.name,
    state,
    lastState: lastEnd ? { terminated: terminatedState(lastEnd) } : {},
    ...readiness(container, current, state, isInit),
    restartCount: current?.instance ?? 0,
    image: current?.image ?? container.image ?? "",
    imageID: current?.imageID ?? "",
    ...(current && { containerID: current.id }),
    ...resourceFields(container),
    ...(container.volumeMounts?.length && { volumeMounts: container.volumeMounts.map(mountStatus) }),
  };
}

function stateOf(view: PodView, container: Container, isInit: boolean, isFinal: boolean, now: number): ContainerState {
  const facts = factsOf(view, container.name);
  const { current, problem } = facts;
  if (isRunning(current) && current.postStart !== "running")
    return { running: { startedAt: formatTimestamp(current.startedAt) } };
  if (isFinal) return finalState(view, container, isInit);
  if (problem && (!hasEnded(current) || isToRestart(view.pod, container, current))) {
    return { waiting: { reason: problem.reason, message: problem.message } };
  }
  if (!hasEnded(current)) return notStarted(view);
  if (!isToRestart(view.pod, container, current)) return { terminated: terminatedState(current) };
  const restart = planRestart(facts, containerHash(container), now);
  if (restart.kind === "now") return { terminated: terminatedState(current) };
  const message = `back-off ${formatGoDuration(restart.delay)} restarting failed container=${container.name} pod=${podLabel(view.pod)}`;
  return { waiting: { reason: "CrashLoopBackOff", message } };
}

function finalState(view: PodView, container: Container, isInit: boolean): ContainerState {
  const { current } = factsOf(view, container.name);
  if (hasEnded(current)) return { terminated: terminatedState(current) };
  const others = view.pod.spec.containers.some(({ name }) => factsOf(view, name).current !== undefined);
  if (isInit || !others) return notStarted(view);
  return { terminated: { exitCode: 137, reason: "ContainerStatusUnknown", message: LOST_MESSAGE } };
}

/** Containers that wait for init containers, and init containers themselves, wait as PodInitializing. */
function notStarted({ pod }: PodView): ContainerState {
  const hasInit = (pod.spec.initContainers?.length ?? 0) > 0;
  return { waiting: { reason: hasInit ? "PodInitializing" : "ContainerCreating" } };
}

function terminatedState({ id, startedAt, end }: InstanceFacts): ContainerStateTerminated {
  return {
    exitCode: end?.exitCode ?? 0,
    reason: end?.reason ?? "Error",
    ...(end?.message !== undefined && { message: end.message }),
    startedAt: formatTimestamp(startedAt),
    finishedAt: formatTimestamp(end?.at ?? startedAt),
    containerID: id,
  };
}

/** An init container is ready when it has done its work, any other when it runs and its probes say so. */
function readiness(
  container: Container,
  current: InstanceFacts | undefined,
  state: ContainerState,
  isInit: boolean,
): Pick<ContainerStatus, "ready" | "started"> {
  if (isInit && !isSidecar(container))
    return { ready: state.terminated?.exitCode === 0, started: state.running !== undefined };
  const started = state.running !== undefined && current?.probes.startup === "passed";
  return { ready: started && current.probes.readiness === "passed", started };
}

function resourceFields({ resources }: Container): Pick<ContainerStatus, "resources" | "allocatedResources"> {
  if (!resources?.requests && !resources?.limits) return {};
  return { ...(resources.requests && { allocatedResources: resources.requests }), resources };
}

function mountStatus({
  name,
  mountPath,
  readOnly,
}: {
  name: string;
  mountPath: string;
  readOnly?: boolean;
}): VolumeMountStatus {
  return { name, mountPath, ...(readOnly && { readOnly, recursiveReadOnly: "Disabled" }) };
}
