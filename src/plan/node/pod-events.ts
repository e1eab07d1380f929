import { afterImageBackoff, afterStartFailure, type StartFailure } from "./start-problem.ts";
import type {
  ContainerFacts,
  EndedInstance,
  EndFacts,
  InstanceFacts,
  PodFacts,
  ProbeVerdicts,
  RestartBackoff,
} from "./view.ts";

/** What happened to a pod: the only way in which its facts change. `at`: milliseconds since the epoch. */
export type PodEvent =
  | { readonly kind: "prepared"; readonly podIP: string }
  | { readonly kind: "prepareFailed"; readonly message: string; readonly retryAt: number }
  /** Something that the pod waited for may be there now: try at once. */
  | { readonly kind: "retry"; readonly what: "surroundings" | "image" | "config" }
  | { readonly kind: "drain"; readonly state: "running" | "done" }
  | { readonly kind: "released" }
  | ContainerEvent;

type ContainerEvent =
  | {
      readonly kind: "started";
      readonly container: string;
      readonly instance: InstanceFacts;
      readonly backoff?: RestartBackoff;
    }
  | { readonly kind: "startFailed"; readonly container: string; readonly failure: StartFailure; readonly at: number }
  | { readonly kind: "backoffAnnounced"; readonly container: string; readonly instance: number }
  | { readonly kind: "imageBackoffAnnounced"; readonly container: string; readonly image: string }
  | ({ readonly container: string; readonly instance: number } & InstanceEvent);

type InstanceEvent =
  | { readonly kind: "postStart"; readonly state: InstanceFacts["postStart"] }
  | { readonly kind: "probed"; readonly verdicts: Partial<ProbeVerdicts> }
  | { readonly kind: "stopBegun"; readonly grace: number; readonly at: number }
  | { readonly kind: "preStop"; readonly state: "running" | "done" }
  | { readonly kind: "signalled"; readonly at: number }
  | { readonly kind: "killed"; readonly at: number }
  | { readonly kind: "ended"; readonly end: EndFacts };

export function applyEvent(facts: PodFacts, event: PodEvent): PodFacts {
  switch (event.kind) {
    case "prepared":
      return { ...without(facts, "surroundingsProblem"), surroundings: "ready", podIP: event.podIP };
    case "prepareFailed":
      return { ...facts, surroundingsProblem: { message: event.message, retryAt: event.retryAt } };
    case "retry":
      return event.what === "surroundings" ? without(facts, "surroundingsProblem") : forgetProblems(facts, event.what);
    case "drain":
      return { ...facts, drain: event.state };
    case "released":
      return { ...facts, surroundings: "released" };
    default: {
      const before = facts.containers[event.container] ?? {};
      return { ...facts, containers: { ...facts.containers, [event.container]: applyContainerEvent(before, event) } };
    }
  }
}

function applyContainerEvent(facts: ContainerFacts, event: ContainerEvent): ContainerFacts {
  switch (event.kind) {
    case "started": {
      const ended = facts.current?.end ? (facts.current as EndedInstance) : facts.previous;
      const { problem: _, imageBackoff: __, ...rest } = facts;
      return {
        ...rest,
        current: event.instance,
        ...(ended && { previous: ended }),
        ...(event.backoff && { backoff: event.backoff }),
      };
    }
    case "startFailed":
      return afterStartFailure(facts, event.failure, event.at);
    case "backoffAnnounced":
      return { ...facts, backoffTold: event.instance };
    case "imageBackoffAnnounced":
      return afterImageBackoff(facts, event.image);
    default: {
      const { current } = facts;
      if (!current || current.instance !== event.instance || current.end) return facts;
      return { ...facts, current: applyInstanceEvent(current, event) };
    }
  }
}

function applyInstanceEvent(instance: InstanceFacts, event: InstanceEvent): InstanceFacts {
  switch (event.kind) {
    case "postStart":
      return { ...instance, postStart: event.state };
    case "probed":
      return { ...instance, probes: { ...instance.probes, ...event.verdicts } };
    case "stopBegun":
      return { ...instance, stop: { since: event.at, grace: event.grace, preStop: "none" } };
    case "preStop":
      return instance.stop ? { ...instance, stop: { ...instance.stop, preStop: event.state } } : instance;
    case "signalled":
      return instance.stop ? { ...instance, stop: { ...instance.stop, signalledAt: event.at } } : instance;
    case "killed":
      return instance.stop ? { ...instance, stop: { ...instance.stop, killedAt: event.at } } : instance;
    case "ended":
      return { ...instance, end: event.end };
  }
}

/** Forgets the failed starts of one kind, so that they are tried again without waiting. */
function forgetProblems(facts: PodFacts, kind: "image" | "config"): PodFacts {
  const containers = Object.entries(facts.containers).map(([name, one]): [string, ContainerFacts] => {
    if (one.problem?.kind !== kind) return [name, one];
    const { problem: _, imageBackoff: __, ...rest } = one;
    return [name, rest];
  });
  return { ...facts, containers: Object.fromEntries(containers) };
}

function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object;
  return rest;
}
