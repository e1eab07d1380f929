import type { ReleasePolicy } from "../../../api/generated/sluice-dev.ts";
import type { Draft } from "../draft.ts";
import { knownPods } from "../new-pods.ts";
import { ensurePods, podsFor, podsWord } from "../pods-for-weight.ts";
import { reachableNew, rulesInForce } from "../routing.ts";
import type { Situation } from "../situation.ts";
import { keepSplit } from "../weights.ts";

/** The gate is shut, dark pods start. Leaves to Testing when all are ready, to Held when they cannot become so. */
export function deploying(s: Situation, d: Draft, policy: ReleasePolicy): void {
  const dark = podsFor(s, 0);
  const them = dark === 1 ? "it" : "them";
  const enough = ensurePods(s, d, dark);
  const split = { w: 0, session: d.session, testers: false };
  const written = keepSplit(s, d, policy, split, "the new version gets a Service of its own and no user");
  const stuck = stuckMessage(s);
  if (stuck !== undefined) {
    d.set({ held: { reason: "Stuck", from: "Deploying" }, message: stuck });
    d.enter("Held", "ReleaseHeld", stuck, "Warning");
    return;
  }
  if (!enough) {
    const paused = s.deployment.spec.paused ? ": the Deployment is paused (kubectl rollout resume)" : "";
    d.set({
      message: `dark: ${reachableNew(s)} of ${podsWord(dark)} ready, no user on ${them}; then tests${paused}`,
    });
    return;
  }
  if (!written || !rulesInForce(s)) {
    d.set({
      message: `dark: ${podsWord(dark)} ready, no user on ${them}; waits for the mesh to have the rule in force`,
    });
    return;
  }
  d.note({ pods: knownPods([], s.freshPods) });
  d.set({ message: "dark pods are ready; tests are next" });
  d.enter(
    "Testing",
    "ReleaseTesting",
    `${podsWord(dark)} of the new version ${dark === 1 ? "is" : "are"} ready; no user is on ${them}`,
  );
}

/** What the Deployment controller says about a rollout that cannot succeed (DESIGN, early diagnosis). */
export function stuckMessage(s: Situation): string | undefined {
  const stuck = s.deployment.status?.conditions?.find(({ type, status }) => type === "Stuck" && status === "True");
  return stuck && (stuck.message ?? stuck.reason ?? "the new pods cannot start");
}
