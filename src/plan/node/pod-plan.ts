import type { Container, PodStatus } from "../../api/generated/core-v1.ts";
import type { Plan } from "../plan.ts";
import type { PodAction } from "./actions.ts";
import { planRunning, planStart, type StepPlan } from "./container-step.ts";
import { deadlineOf, isOverDeadline } from "./deadline.ts";
import { merge, planInitContainers } from "./init-containers.ts";
import { isSidecar, isToRestart } from "./restart.ts";
import { podStatus } from "./status.ts";
import { gracePeriod, planStop } from "./stop.ts";
import { factsOf, hasEnded, isRunning, type PodView } from "./view.ts";

/**
 * What to do for a pod, and what to say of it. The decisions are the kubelet's: what starts when, what is restarted
 * after which delay, what is stopped how; unlike it, a pod that is deleted is first taken out of the mesh (the action
 * `drain`).
 */
export function planPod(view: PodView, now: number): Plan<PodAction, PodStatus> {
  const step = planStep(view, now);
  const deadline = deadlineOf(view);
  const times = [step.wakeAt, deadline !== undefined && deadline > now ? deadline : undefined].filter(
    (time) => time !== undefined,
  );
  return {
    actions: step.actions,
    status: podStatus(view, now),
    ...(times.length > 0 && { wakeAt: Math.min(...times) }),
  };
}

function planStep(view: PodView, now: number): StepPlan {
  const { pod, gone, shutdown, facts } = view;
  const isDeleted = gone || pod.metadata.deletionTimestamp !== undefined;
  if (isDeleted) return planDeletion(view, now);
  if (shutdown) return stopEverything(view, "the node goes down", now);
  if (isOver(view)) return planEnd(view, "the pod has ended", now);
  if (isOverDeadline(view, now)) return planEnd(view, "activeDeadlineSeconds are over", now);
  if (facts.surroundings !== "ready") return planPreparation(view, now);
  const init = planInitContainers(view, now);
  if (init.progress === "failed") return planEnd(view, "an init container failed", now);
  if (init.progress === "pending") return init;
  const others = planContainers(view, now);
  return others === "finished" ? planEnd(view, "all containers have ended", now) : merge([init, others]);
}

/** The pod was Succeeded or Failed already: nothing of it starts again. */
function isOver({ pod }: PodView): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

function planPreparation({ facts }: PodView, now: number): StepPlan {
  const retryAt = facts.surroundingsProblem?.retryAt;
  if (retryAt !== undefined && now < retryAt) return { actions: [], wakeAt: retryAt };
  return {
    actions: [
      { kind: "prepare", why: retryAt === undefined ? "the pod is new here" : "it could not be prepared before" },
    ],
  };
}

/** Containers start in order; a postStart hook keeps the next from starting. */
function planContainers(view: PodView, now: number): StepPlan | "finished" {
  const steps: StepPlan[] = [];
  let anyLeft = false;
  for (const container of view.pod.spec.containers) {
    const { current } = factsOf(view, container.name);
    if (isRunning(current)) {
      anyLeft = true;
      steps.push(planRunning(view, container, current, now));
      if (current.postStart === "running") break;
    } else if (!hasEnded(current) || isToRestart(view.pod, container, current)) {
      anyLeft = true;
      steps.push(planStart(view, container, now));
    }
  }
  return anyLeft ? merge(steps) : "finished";
}

function planDeletion(view: PodView, now: number): StepPlan {
  const { facts } = view;
  if (anyRunning(view)) {
    if (!facts.drain && !view.gone)
      return { actions: [{ kind: "drain", why: "no new request may reach a pod that goes" }] };
    if (facts.drain === "running" && !view.gone) return { actions: [] };
    return stopEverything(view, "the pod is deleted", now);
  }
  if (facts.surroundings === "ready")
    return { actions: [{ kind: "release", why: "nothing of the pod runs any more" }] };
  return { actions: [{ kind: "delete", why: "nothing of the pod is left" }] };
}

/** What remains to be done for a pod that is not to run any more but stays in the API. */
function planEnd(view: PodView, why: string, now: number): StepPlan {
  if (anyRunning(view)) return stopEverything(view, why, now);
  return { actions: view.facts.surroundings === "ready" ? [{ kind: "release", why }] : [] };
}

/** All at once, but sidecars after the others, in the reverse order of their start. */
function stopEverything(view: PodView, why: string, now: number): StepPlan {
  const { initContainers = [], containers } = view.pod.spec;
  const order = [
    ...containers,
    ...initContainers.filter((one) => !isSidecar(one)),
    ...initContainers.filter(isSidecar).reverse(),
  ];
  const grace = view.gone && view.pod.metadata.deletionTimestamp === undefined ? 0 : gracePeriod(view.pod);
  const steps: StepPlan[] = [];
  let isItsTurn = true;
  for (const container of order) {
    const { current } = factsOf(view, container.name);
    if (!isRunning(current)) continue;
    const turn: boolean = isSidecar(container) ? isItsTurn : true;
    const message = `Stopping container ${container.name}`;
    steps.push(planStop({ container, instance: current, grace, message, why, isItsTurn: turn }, now));
    isItsTurn = false;
  }
  return merge(steps);
}

function anyRunning(view: PodView): boolean {
  return allContainers(view).some(({ name }) => isRunning(factsOf(view, name).current));
}

function allContainers({ pod }: PodView): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}
