import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { type Cause, Draft, percentOf } from "./draft.ts";
import { obey } from "./orders.ts";
import { baking, finish, isFinishing } from "./phases/baking.ts";
import { deploying } from "./phases/deploying.ts";
import { held } from "./phases/held.ts";
import { releasing } from "./phases/releasing.ts";
import { isUndone, reverting, superseding } from "./phases/taking-back.ts";
import { testing } from "./phases/testing.ts";
import { sentence } from "./receipts.ts";
import { letGo } from "./removal.ts";
import { currentHash, type ReleaseStatus, type Situation } from "./situation.ts";
import { readSteps } from "./steps.ts";
import { fail } from "./verdict.ts";
import { weightNow, weightText } from "./weights.ts";

/** One step of a release that has not ended. */
export function planLive(s: Situation, live: Release): Draft {
  const d = new Draft(live, s.now);
  if (d.status.phase === undefined) begin(d);
  const policy = s.policy ?? departed(live);
  report(s, d);
  if (isFinishing(s, d)) finish(s, d, policy, "it has baked");
  else if (d.phase === "Reverting") reverting(s, d, policy);
  else if (isThird(s, live)) superseding(s, d, policy);
  else if (isUndone(s)) fail(s, d, policy, { cause: "Undone", why: "The released template was put back." });
  else if (!s.governed) endNow(s, d, policy, "PolicyGone", "the policy was deleted");
  else if (isScaledDown(s)) endNow(s, d, policy, "ScaledDown", "the Deployment was scaled to 0");
  else if (obey(s, d, policy) === "go on") step(s, d, policy);
  if (s.governed) d.act(...letGo(s.view, policy));
  d.set({ conditions: [succeeded(d)] });
  if (d.status.endTime !== undefined && s.view.trip)
    d.act({ kind: "deleteTrip", name: s.view.trip.metadata.name, why: "the session has ended" });
  return d;
}

type Condition = NonNullable<ReleaseStatus["conditions"]>[number];

/** For `kubectl wait --for=condition=Succeeded`: unknown until the release has ended. */
function succeeded(d: Draft): Condition {
  const status = d.phase === "Succeeded" ? "True" : d.status.endTime === undefined ? "Unknown" : "False";
  const before = d.status.conditions?.find(({ type }) => type === "Succeeded");
  return {
    type: "Succeeded",
    status,
    reason: d.phase,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : formatTimestamp(d.now),
  };
}

function begin(d: Draft): void {
  d.set({ attempt: 1, weight: 0, weightText: "0 %", startTime: formatTimestamp(d.now) });
  const { version, fromVersion } = d.release.spec;
  d.enter(
    "Deploying",
    "ReleaseStarted",
    `${version ?? "a new template"} takes the place of ${fromVersion ?? "the old one"} behind a shut gate`,
  );
}

function step(s: Situation, d: Draft, policy: ReleasePolicy): void {
  switch (d.phase) {
    case "Deploying":
      return deploying(s, d, policy);
    case "Testing":
      return testing(s, d, policy);
    case "Releasing":
      return releasing(s, d, policy);
    case "Baking":
      return baking(s, d, policy);
    case "Held": {
      const steps = readSteps(policy);
      return held(s, d, policy, steps.kind === "listed" ? steps.steps : []);
    }
    case "Reverting":
      return reverting(s, d, policy);
    case "Reverted":
    case "Succeeded":
    case "Superseded":
      return undefined;
  }
}

/** Neither of the two templates: a newer one has come. */
function isThird(s: Situation, { spec }: Release): boolean {
  const current = currentHash(s);
  return current !== spec.templateHash && current !== spec.stableHash;
}

/**
 * The old version has no pods any more, nor will it get them back while the gate is shut: when the Deployment is scaled up
 * again, Kubernetes gives all of them to the newest template, which the gate keeps users off.
 */
function isScaledDown(s: Situation): boolean {
  return s.shut && s.stable?.spec.replicas === 0;
}

/**
 * A release that cannot go on as one: without a policy a Deployment behaves as in Kubernetes, and without pods of the old version
 * there is nothing to compare with. But no version that is still being tried gets to everybody by that: what is at 100 % already is
 * finished, everything else taken back.
 */
function endNow(s: Situation, d: Draft, policy: ReleasePolicy, cause: Cause, why: string): void {
  const baked = d.phase === "Baking" || (d.phase === "Held" && d.status.held?.from === "Baking");
  if (baked) finish(s, d, policy, why);
  else fail(s, d, policy, { cause, why: `${sentence(why).slice(0, -1)} before the release had ended.` });
}

/** Stands in for a policy of which only the name is left. */
function departed({ metadata, spec }: Release): ReleasePolicy {
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "ReleasePolicy",
    metadata: { ...metadata, name: spec.policy ?? spec.targetRef.name },
    spec: { targetRef: spec.targetRef },
  };
}

/** The numbers that people see are those of the ledger. */
function report(s: Situation, d: Draft): void {
  const { new: fresh, old, evidence } = s.view.findings;
  const { value, odds, limit, interval, upper, endpoint } = evidence;
  const w = weightNow(s);
  d.set({
    new: fresh,
    old,
    evidence: { value, odds, limit, interval, upper, ...(endpoint !== undefined && { endpoint }) },
    weight: percentOf(w) ?? 0,
    weightText: weightText(w),
    observedGeneration: d.release.metadata.generation ?? 0,
  });
}
