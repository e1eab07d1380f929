import type { Container, Pod } from "../../api/generated/core-v1.ts";
import type { PodAction } from "./actions.ts";
import { type InstanceFacts, isRunning } from "./view.ts";

/** Seconds that a container always has between its stop signal and SIGKILL, whatever its preStop hook used up. */
const MIN_SHUTDOWN = 2;
const DEFAULT_GRACE = 30;

export interface StopRequest {
  readonly container: Container;
  readonly instance: InstanceFacts;
  /** Seconds. */
  readonly grace: number;
  /** Of the event that tells about it. */
  readonly message: string;
  readonly why: string;
  /** Whether those that must end before this one have ended; sidecars wait for the others. */
  readonly isItsTurn: boolean;
}

export interface StopPlan {
  readonly actions: readonly PodAction[];
  readonly wakeAt?: number;
}

/**
 * The next step in stopping one container: preStop hook, then the stop signal, then SIGKILL when the grace period is
 * over. With 30 s of grace and a hook of 5 s, SIGKILL comes at 30 s; with a hook of 29.5 s at 31.5 s.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
 */
export function planStop(request: StopRequest, now: number): StopPlan {
  const { container, instance, message, why, isItsTurn } = request;
  const of = { container: container.name, instance: instance.instance };
  if (!isRunning(instance)) return { actions: [] };
  const { stop } = instance;
  if (!stop) return { actions: [{ kind: "beginStop", ...of, grace: request.grace, message, why }] };
  const graceEnd = stop.since + Math.min(stop.grace, request.grace) * 1000;
  if (stop.signalledAt === undefined) {
    if (now < graceEnd && container.lifecycle?.preStop && stop.preStop === "none") {
      return {
        actions: [{ kind: "preStop", ...of, timeout: graceEnd - now, why: "the hook comes before the signal" }],
      };
    }
    if (now < graceEnd && (stop.preStop === "running" || !isItsTurn)) return { actions: [], wakeAt: graceEnd };
    return { actions: [{ kind: "signal", ...of, why }] };
  }
  if (stop.killedAt !== undefined) return { actions: [] };
  const killAt = Math.max(graceEnd, stop.signalledAt + MIN_SHUTDOWN * 1000);
  if (now < killAt) return { actions: [], wakeAt: killAt };
  return { actions: [{ kind: "kill", ...of, why: "the grace period is over" }] };
}

/** Seconds that the pod's containers have to end: what its deletion says, else its specification. */
export function gracePeriod({ metadata, spec }: Pod): number {
  return metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE;
}
