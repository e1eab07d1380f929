import type { Pod } from "../../api/generated/core-v1.ts";

/**
 * What the node agent knows of one pod: the object of the API, and facts about what it runs. Times are milliseconds
 * since the epoch. Facts are plain data; the agent replaces them as it acts and as things happen.
 */
export interface PodView {
  readonly pod: Pod;
  /** The pod is no longer in the API: it was removed by force, or while the agent was away. */
  readonly gone: boolean;
  /** The node goes down: containers are to end, the pod is to stay. */
  readonly shutdown: boolean;
  readonly hostIP: string;
  readonly facts: PodFacts;
}

export interface PodFacts {
  /** When this agent (or one before it) took the pod on: status.startTime. */
  readonly acceptedAt: number;
  readonly podIP?: string;
  /** Whether the pod has its address, its files and its volumes. */
  readonly surroundings: "none" | "ready" | "released";
  /** Why they could not be made. */
  readonly surroundingsProblem?: { readonly message: string; readonly retryAt: number };
  /** Whether the mesh has let go of the pod that is to be deleted. */
  readonly drain?: "running" | "done";
  readonly containers: Readonly<Record<string, ContainerFacts>>;
}

export interface ContainerFacts {
  /** The newest instance. */
  readonly current?: InstanceFacts;
  /** The one before, which has ended. */
  readonly previous?: EndedInstance;
  /** Why the next instance could not be started. */
  readonly problem?: StartProblem;
  /** Delay before the restart after the next crash. */
  readonly backoff?: RestartBackoff;
  /** Delay before the next look for an image that was not there. */
  readonly imageBackoff?: number;
  /** The instance whose restart has been announced as delayed. */
  readonly backoffTold?: number;
}

export interface RestartBackoff {
  /** Of the container that crashed: a changed one starts afresh. */
  readonly hash: string;
  readonly delay: number;
  readonly at: number;
}

export interface StartProblem {
  readonly kind: "image" | "config" | "runtime";
  readonly reason: string;
  readonly message: string;
  readonly at: number;
  readonly retryAt: number;
}

export interface InstanceFacts {
  /** 0 for the first, +1 with each restart. */
  readonly instance: number;
  readonly id: string;
  /** Full name and digest of the image it was made from. */
  readonly image: string;
  readonly imageID: string;
  readonly hash: string;
  readonly startedAt: number;
  /** It belongs to a run of the machine that is over: its pod is set up anew. */
  readonly stale: boolean;
  readonly postStart: "none" | "running" | "done" | "failed";
  readonly probes: ProbeVerdicts;
  readonly stop?: StopFacts;
  readonly end?: EndFacts;
}

/** What the probes say; a probe that the container does not have counts as passed. */
export interface ProbeVerdicts {
  readonly startup: "unknown" | "passed" | "failed";
  readonly liveness: "passed" | "failed";
  readonly readiness: "passed" | "failed";
}

export interface StopFacts {
  readonly since: number;
  /** Seconds from `since` until SIGKILL; the pod's own deletion may shorten it. */
  readonly grace: number;
  readonly preStop: "none" | "running" | "done";
  readonly signalledAt?: number;
  readonly killedAt?: number;
}

export interface EndFacts {
  readonly exitCode: number;
  readonly at: number;
  readonly reason: string;
  readonly message?: string;
}

export interface EndedInstance extends InstanceFacts {
  readonly end: EndFacts;
}

export const passedProbes: ProbeVerdicts = { startup: "passed", liveness: "passed", readiness: "passed" };

export function factsOf(view: PodView, container: string): ContainerFacts {
  return view.facts.containers[container] ?? {};
}

export function isRunning(instance: InstanceFacts | undefined): instance is InstanceFacts {
  return instance !== undefined && instance.end === undefined;
}

export function hasEnded(instance: InstanceFacts | undefined): instance is EndedInstance {
  return instance?.end !== undefined;
}
