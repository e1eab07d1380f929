import type { ReleasePolicy } from "../../../api/generated/sluice-dev.ts";
import type { Draft } from "../draft.ts";
import { knownPods } from "../new-pods.ts";
import { ensurePods, podsFor } from "../pods-for-weight.ts";
import { seenAt, until } from "../seen.ts";
import type { Phase, Situation } from "../situation.ts";
import type { Step } from "../steps.ts";
import { failOn } from "../verdict.ts";
import { armTrip, keepSplit, weightNow } from "../weights.ts";
import { stuckMessage } from "./deploying.ts";

export type HeldReason = "Paused" | "Step" | "Stuck" | "Failed" | "Split";

const LOOK_MS = 1000;

/** Stops where it is. */
export function hold(d: Draft, reason: HeldReason, why: string): void {
  d.set({ held: { reason, from: d.phase }, message: why });
  d.enter("Held", "ReleaseHeld", why, reason === "Paused" || reason === "Step" ? "Normal" : "Warning");
}

/** A `pause` among the steps. */
export function holdAtStep(d: Draft, step: Extract<Step, { kind: "pause" }>): void {
  d.note({ stepTime: d.now });
  hold(
    d,
    "Step",
    step.ms === undefined
      ? "a pause among the steps: promote goes on"
      : `a pause of ${until(d, d.now + step.ms)} among the steps`,
  );
}

/** Back to where it was held. */
export function unhold(d: Draft, why: string): void {
  const from = (d.status.held?.from ?? "Releasing") as Phase;
  d.enter(from, "ReleaseResumed", why);
}

/**
 * Stopped: by a person, by a step, because the pods cannot start, because it failed and the policy says Hold, or because
 * the split is not what was asked for. What ends a release ends a held one too.
 */
export function held(s: Situation, d: Draft, policy: ReleasePolicy, steps: readonly Step[]): void {
  const { reason, from } = d.status.held ?? {};
  if (reason === "Failed" || reason === "Stuck") {
    ensurePods(s, d, podsFor(s, 0));
    const why = reason === "Failed" ? (d.progress.why ?? "it failed") : "its pods cannot start";
    keepSplit(s, d, policy, { w: 0, session: d.session, testers: reason === "Failed" }, why);
    if (reason === "Stuck") stillStuck(s, d);
    else d.set({ message: `held at 0 %, its pods are kept: ${why} Next: retry, promote or abort` });
    return;
  }
  const w = weightNow(s);
  if (from !== "Deploying") {
    d.note({ pods: knownPods(d.progress.pods ?? [], s.freshPods, s.stablePods) });
    if (failOn(s, d, policy, w > 0)) return;
  }
  const ready = ensurePods(s, d, podsFor(s, w));
  armTrip(s, d, w);
  // Held before its tests began, its pods may be ready all the same: whoever holds it there wants to try them first.
  keepSplit(s, d, policy, { w, session: d.session, testers: from !== "Deploying" || ready }, "held");
  if (w > 0) d.wake(d.now + LOOK_MS);
  if (reason === "Step" && stepIsOver(d, steps)) return;
  d.set({ message: heldMessage(s, d, w, steps) });
}

function stillStuck(s: Situation, d: Draft): void {
  const stuck = stuckMessage(s);
  if (stuck === undefined) unhold(d, "the pods can start again");
  else d.set({ message: stuck });
}

function stepIsOver(d: Draft, steps: readonly Step[]): boolean {
  const step = steps[d.status.step ?? 0];
  if (step?.kind === "pause" && step.ms === undefined) return false;
  const end = (d.progress.stepTime ?? d.now) + (step?.kind === "pause" ? (step.ms ?? 0) : 0);
  d.wake(end);
  if (d.now < end) return false;
  d.set({ step: (d.status.step ?? 0) + 1 });
  d.note({ stepTime: undefined, stepRequests: undefined });
  d.enter("Releasing", "ReleaseResumed", "the pause among the steps is over");
  return true;
}

function heldMessage(s: Situation, d: Draft, w: number, steps: readonly Step[]): string {
  const seen = seenAt(s, w);
  switch (d.status.held?.reason) {
    case "Step": {
      const step = steps[d.status.step ?? 0];
      const end =
        step?.kind === "pause" && step.ms !== undefined ? (d.progress.stepTime ?? d.now) + step.ms : undefined;
      return end === undefined
        ? `held by a step ${seen}; waits for promote`
        : `held by a step for ${until(d, end)} more ${seen}`;
    }
    case "Split":
      return `held, the traffic is not split as asked, so the comparison is not valid, ${seen}; waits for resume, promote or abort`;
    default:
      return `paused ${seen}; waits for resume, promote or abort`;
  }
}
