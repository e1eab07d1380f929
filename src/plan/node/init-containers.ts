import type { Container } from "../../api/generated/core-v1.ts";
import { planRunning, planStart, type StepPlan } from "./container-step.ts";
import { isSidecar, isToRestart } from "./restart.ts";
import { factsOf, hasEnded, type InstanceFacts, isRunning, type PodView } from "./view.ts";

export interface InitPlan extends StepPlan {
  /** `done`: the others may start. `failed`: they never will. */
  readonly progress: "done" | "pending" | "failed";
}

/**
 * Init containers run one after the other, each to its end; a sidecar only has to have started. Once the others run,
 * sidecars are started again when they end.
 */
export function planInitContainers(view: PodView, now: number): InitPlan {
  const started = haveOthersStarted(view);
  const steps: StepPlan[] = [];
  for (const container of view.pod.spec.initContainers ?? []) {
    const current = currentOf(view, container);
    if (started && !isSidecar(container)) continue;
    const step = isRunning(current)
      ? planRunning(view, container, current, now)
      : planNext(view, container, current, now);
    if (step) steps.push(step);
    if (hasFailed(view, container, current)) return { ...merge(steps), progress: "failed" };
    if (!started && !isPast(container, current)) return { ...merge(steps), progress: "pending" };
  }
  return { ...merge(steps), progress: "done" };
}

/** The instance that belongs to the present run of the pod. */
function currentOf(view: PodView, container: Container): InstanceFacts | undefined {
  const { current } = factsOf(view, container.name);
  return current?.stale ? undefined : current;
}

export function haveOthersStarted(view: PodView): boolean {
  return view.pod.spec.containers.some((container) => currentOf(view, container) !== undefined);
}

function planNext(
  view: PodView,
  container: Container,
  current: InstanceFacts | undefined,
  now: number,
): StepPlan | undefined {
  if (hasEnded(current) && !isSidecar(container) && current.end.exitCode === 0) return undefined;
  if (hasFailed(view, container, current)) return undefined;
  return planStart(view, container, now);
}

function hasFailed(view: PodView, container: Container, current: InstanceFacts | undefined): boolean {
  return hasEnded(current) && current.end.exitCode !== 0 && !isToRestart(view.pod, container, current);
}

/** Whether the next container may start. */
function isPast(container: Container, current: InstanceFacts | undefined): boolean {
  if (!isSidecar(container)) return hasEnded(current) && current.end.exitCode === 0;
  return isRunning(current) && !current.stop && current.probes.startup === "passed" && current.postStart !== "running";
}

export function merge(steps: readonly StepPlan[]): StepPlan {
  const times = steps.map(({ wakeAt }) => wakeAt).filter((time) => time !== undefined);
  return {
    actions: steps.flatMap(({ actions }) => actions),
    ...(times.length > 0 && { wakeAt: Math.min(...times) }),
  };
}
