import type { ReleasePolicy } from "../../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../../lib/timestamp.ts";
import type { Draft } from "../draft.ts";
import { knownPods } from "../new-pods.ts";
import { ensurePods, podsFor } from "../pods-for-weight.ts";
import { seenAt } from "../seen.ts";
import type { Situation } from "../situation.ts";
import { failOn } from "../verdict.ts";
import { armTrip, keepSplit, pursue, sameWeight, weightNow, weightText } from "../weights.ts";
import { nextTarget } from "../growth.ts";
import { hold } from "./held.ts";

const LOOK_MS = 1000;

/** Users are on the new version. Leaves to Baking at 100 %, to Reverting on evidence, guard, rule or `abort`. */
export function releasing(s: Situation, d: Draft, policy: ReleasePolicy): void {
  d.wake(d.now + LOOK_MS);
  d.note({ pods: knownPods(d.progress.pods ?? [], s.freshPods, s.stablePods) });
  const w = weightNow(s);
  if (failOn(s, d, policy, w > 0)) return;
  if (sameWeight(w, 1)) {
    bake(d, "all traffic");
    return;
  }
  if (s.view.findings.splitBroken && !d.progress.full && !d.progress.splitAccepted) {
    hold(d, "Split", splitSentence(w));
    return;
  }
  const next = nextTarget(s, d, policy, w);
  if (next.kind === "held") return;
  if (next.kind === "stay") {
    ensurePods(s, d, podsFor(s, w));
    armTrip(s, d, w);
    keepSplit(s, d, policy, { w, session: d.session, testers: true }, "keep the weight");
    d.set({ message: next.message });
    return;
  }
  const waitsFor = pursue(s, d, policy, next.w, next.why);
  if (waitsFor !== undefined) {
    d.set({ message: `${seenAt(s, w)}; ${waitsFor}` });
    return;
  }
  d.note({ stepTime: d.now, stepRequests: s.view.findings.new.requests });
  d.set({ message: `at ${weightText(next.w)}: ${next.why}; next look in 1 s` });
  if (sameWeight(next.w, 1)) bake(d, next.why);
}

/** Everybody is on the new version; the old one stays warm. */
function bake(d: Draft, why: string): void {
  d.note({ bakeTime: d.now, full: undefined });
  d.set({ bakeTime: formatTimestamp(d.now), message: "at 100 %; the old version stays warm" });
  d.enter("Baking", "ReleaseBaking", `everyone is on the new version (${why}); the old one stays warm`);
}

function splitSentence(w: number): string {
  return (
    `The traffic is not split as asked: at ${weightText(w)} another share of the requests is drawn for the new version, ` +
    "so comparing the two would tell nothing. The weight stays; resume, promote or abort."
  );
}
