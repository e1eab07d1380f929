import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Draft } from "./draft.ts";
import { describeTarget, promoted } from "./growth.ts";
import { finish } from "./phases/baking.ts";
import { hold, unhold } from "./phases/held.ts";
import type { Situation } from "./situation.ts";
import { fail } from "./verdict.ts";
import { weightNow } from "./weights.ts";

type Order = NonNullable<Release["spec"]["order"]>;

/** Verbs of `sluice release`, written into spec.order. Each is obeyed once, by its id; what it cannot do now it says. */
export function obey(s: Situation, d: Draft, policy: ReleasePolicy): "go on" | "planned" {
  const { order } = d.release.spec;
  if (!order || order.id === d.status.observedOrder) return "go on";
  d.set({ observedOrder: order.id });
  const by = order.by ? ` by ${order.by}` : "";
  switch (order.verb) {
    case "pause":
      return pause(d, by);
    case "resume":
      return resume(d, by);
    case "promote":
      return promote(s, d, policy, by);
    case "promote-full":
      return promoteFull(s, d, policy, by);
    case "abort":
      return abort(s, d, policy, by);
    case "retry":
      return retry(d, order, by);
  }
}

function refuse(d: Draft, verb: Order["verb"], why: string): "go on" {
  d.decide(`${verb}: nothing done`, why);
  return "go on";
}

function pause(d: Draft, by: string): "go on" | "planned" {
  if (d.phase === "Held") return refuse(d, "pause", "it is held already");
  if (d.phase === "Reverting") return refuse(d, "pause", "users are being taken back");
  hold(d, "Paused", `paused${by}`);
  return "planned";
}

function resume(d: Draft, by: string): "go on" | "planned" {
  const { reason } = d.status.held ?? {};
  if (d.phase !== "Held") return refuse(d, "resume", "it is not held");
  if (reason === "Stuck") return refuse(d, "resume", "its pods cannot start; it goes on by itself when they can");
  if (reason === "Failed") return refuse(d, "resume", "it has failed: retry or promote begins a new attempt");
  if (reason === "Split") d.note({ splitAccepted: true });
  d.set({ message: `resumed${by}` });
  if (reason === "Step") {
    d.set({ step: (d.status.step ?? 0) + 1 });
    d.enter("Releasing", "ReleaseResumed", `resumed${by}`);
  } else unhold(d, `resumed${by}`);
  return "planned";
}

function promote(s: Situation, d: Draft, policy: ReleasePolicy, by: string): "go on" | "planned" {
  switch (d.phase) {
    case "Testing":
      d.note({ skipTests: true });
      d.decide("promote", `tests are skipped${by}`);
      return "go on";
    case "Releasing":
      promoted(s, d, policy, weightNow(s));
      d.decide("promote", `one step ${describeTarget(d)}${by}`);
      return "go on";
    case "Baking":
      finish(s, d, policy, `promoted${by}`);
      return "planned";
    case "Held":
      return promoteHeld(s, d, policy, by);
    default:
      return refuse(
        d,
        "promote",
        d.phase === "Deploying" ? "the pods of the new version are not ready" : "users are being taken back",
      );
  }
}

function promoteHeld(s: Situation, d: Draft, policy: ReleasePolicy, by: string): "go on" | "planned" {
  const { reason, from } = d.status.held ?? {};
  if (reason === "Stuck") return refuse(d, "promote", "its pods cannot start");
  d.set({ message: `promoted${by}` });
  if (reason === "Failed") {
    newAttempt(d);
    d.enter("Releasing", "ReleasePromoted", `promoted${by} though it had failed: a new attempt`);
    return "planned";
  }
  if (from === "Baking") {
    unhold(d, `promoted${by}`);
    finish(s, d, policy, `promoted${by}`);
    return "planned";
  }
  if (from === "Deploying" || (from === "Testing" && reason === "Paused")) {
    d.note({ skipTests: true });
    unhold(d, `promoted${by}`);
    return "planned";
  }
  if (reason === "Split") d.note({ splitAccepted: true });
  promoted(s, d, policy, weightNow(s));
  d.set({ message: `promoted${by} ${describeTarget(d)}` });
  d.enter("Releasing", "ReleasePromoted", `promoted${by} ${describeTarget(d)}`);
  return "planned";
}

function promoteFull(s: Situation, d: Draft, policy: ReleasePolicy, by: string): "go on" | "planned" {
  const { reason } = d.status.held ?? {};
  if (d.phase === "Reverting") return refuse(d, "promote-full", "users are being taken back");
  if (d.phase === "Baking") return promote(s, d, policy, by);
  d.note({ full: true, skipTests: true });
  d.decide("promote --full", `to 100 % as soon as the pods are ready${by}`);
  if (d.phase !== "Held" || reason === "Stuck") return "go on";
  if (reason === "Failed") newAttempt(d);
  d.note({ full: true });
  d.set({ message: `to 100 % as soon as the pods are ready${by}` });
  if (reason === "Failed" || reason === "Step") d.enter("Releasing", "ReleasePromoted", `promoted to everyone${by}`);
  else unhold(d, `promoted to everyone${by}`);
  return "planned";
}

function abort(s: Situation, d: Draft, policy: ReleasePolicy, by: string): "go on" | "planned" {
  if (d.phase === "Reverting") return refuse(d, "abort", "users are being taken back already");
  fail(s, d, policy, { cause: "Aborted", why: `Aborted${by}.` });
  return "planned";
}

function retry(d: Draft, order: Order, by: string): "go on" | "planned" {
  if (d.phase !== "Held" || d.status.held?.reason !== "Failed")
    return refuse(d, order.verb, "only a release that has failed and is held can be tried again");
  newAttempt(d);
  d.set({ message: `attempt ${d.status.attempt ?? 1}${by}; tests are next` });
  d.enter("Testing", "ReleaseRetried", `attempt ${d.status.attempt ?? 1}${by}`);
  return "planned";
}

/** A new session: the mesh keeps the gate of the old one shut, and what was counted in it is not held against this one. */
function newAttempt(d: Draft): void {
  d.set({ attempt: (d.status.attempt ?? 1) + 1, step: 0 });
  d.drop("releaseTime", "bakeTime");
  const { pods } = d.progress;
  d.set({ progress: pods ? { pods } : {} });
}
