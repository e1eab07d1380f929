import type { Container, Probe } from "../../api/generated/core-v1.ts";
import type { PodAction } from "./actions.ts";
import { containerHash, planRestart } from "./restart.ts";
import { SHOW_PULL_ERROR } from "./start-problem.ts";
import { gracePeriod, planStop } from "./stop.ts";
import { factsOf, hasEnded, type InstanceFacts, type PodView } from "./view.ts";

export interface StepPlan {
  readonly actions: readonly PodAction[];
  readonly wakeAt?: number;
}

/** The next step towards a new instance of a container that does not run: start it, or wait. */
export function planStart(view: PodView, container: Container, now: number): StepPlan {
  const facts = factsOf(view, container.name);
  const { current, problem } = facts;
  const hash = containerHash(container);
  const name = container.name;
  if (problem && now < problem.retryAt) return waitForRetry(name, problem, now);
  const instance = current ? current.instance + 1 : 0;
  if (!hasEnded(current))
    return { actions: [{ kind: "start", container: name, instance, hash, why: "it has not run yet" }] };
  const restart = planRestart(facts, hash, now);
  if (restart.kind === "now") {
    const why = `it ended with exit code ${current.end.exitCode}`;
    return { actions: [{ kind: "start", container: name, instance, hash, backoff: restart.backoff, why }] };
  }
  const told = facts.backoffTold === current.instance;
  const announce: PodAction = {
    kind: "announceBackoff",
    container: name,
    instance: current.instance,
    why: `it has crashed before: wait ${restart.delay} ms`,
  };
  return { actions: told ? [] : [announce], wakeAt: restart.at };
}

function waitForRetry(
  container: string,
  problem: { reason: string; at: number; retryAt: number },
  now: number,
): StepPlan {
  if (problem.reason !== "ErrImagePull") return { actions: [], wakeAt: problem.retryAt };
  const tellAt = problem.at + SHOW_PULL_ERROR;
  if (now < tellAt) return { actions: [], wakeAt: tellAt };
  return {
    actions: [{ kind: "announceImageBackoff", container, why: "the image is not there yet" }],
    wakeAt: problem.retryAt,
  };
}

/** Whether a running container must be replaced, and the next step of that. */
export function planRunning(view: PodView, container: Container, instance: InstanceFacts, now: number): StepPlan {
  const reason = replacementReason(container, instance);
  if (!reason && !instance.stop) return { actions: [] };
  const willRestart = (view.pod.spec.restartPolicy ?? "Always") !== "Never" || reason?.always === true;
  const message = `${reason?.message ?? `Stopping container ${container.name}`}${reason && willRestart ? ", will be restarted" : ""}`;
  const grace = reason?.probe?.terminationGracePeriodSeconds ?? gracePeriod(view.pod);
  return planStop(
    { container, instance, grace, message, why: reason?.message ?? "it is being stopped", isItsTurn: true },
    now,
  );
}

interface ReplacementReason {
  readonly message: string;
  /** Restarted whatever the restart policy says. */
  readonly always?: boolean;
  readonly probe?: Probe;
}

function replacementReason(
  container: Container,
  { hash, probes, postStart }: InstanceFacts,
): ReplacementReason | undefined {
  const { name, livenessProbe, startupProbe } = container;
  if (hash !== containerHash(container)) return { message: `Container ${name} definition changed`, always: true };
  if (probes.liveness === "failed")
    return { message: `Container ${name} failed liveness probe`, ...(livenessProbe && { probe: livenessProbe }) };
  if (probes.startup === "failed")
    return { message: `Container ${name} failed startup probe`, ...(startupProbe && { probe: startupProbe }) };
  if (postStart === "failed") return { message: "FailedPostStartHook" };
  return undefined;
}
