import type { ReleasePolicy } from "../../../api/generated/sluice-dev.ts";
import { grouped } from "../../../lib/number-text.ts";
import { open } from "../../gate/gate.ts";
import type { Draft } from "../draft.ts";
import { reachable } from "../in-force.ts";
import { NO_HASH, stableName } from "../../gate/names.ts";
import { knownPods } from "../new-pods.ts";
import { ensurePods, keepWhole } from "../pods-for-weight.ts";
import { successReceipt, versionsOf } from "../receipts.ts";
import { planRouting, rulesInForce } from "../routing.ts";
import { until } from "../seen.ts";
import { currentHash, readyPods, type Situation } from "../situation.ts";
import { timeOf } from "../steps.ts";
import { failOn } from "../verdict.ts";
import { armTrip, keepSplit, weightNow } from "../weights.ts";
import { end } from "./taking-back.ts";

const LOOK_MS = 1000;

/** Everyone is on the new version and the old one is warm. Leaves to the finish when the time is over. */
export function baking(s: Situation, d: Draft, policy: ReleasePolicy): void {
  d.note({ pods: knownPods(d.progress.pods ?? [], s.freshPods, s.stablePods) });
  if (failOn(s, d, policy, true)) return;
  const over = (d.progress.bakeTime ?? d.now) + timeOf(policy, "bake");
  if (d.now >= over) {
    finish(s, d, policy, "it has baked");
    return;
  }
  ensurePods(s, d, Math.max(1, s.replicas));
  armTrip(s, d, 1);
  keepSplit(s, d, policy, { w: 1, session: d.session, testers: true }, "everyone is on the new version");
  const { new: fresh } = s.view.findings;
  d.set({
    message: `at 100 %: ${grouped(fresh.requests)} requests seen, ${grouped(fresh.failures)} failed; the old version stays warm for ${until(d, over)} more`,
  });
  d.wake(Math.min(over, d.now + LOOK_MS));
}

/**
 * Whether the finish has begun: the gate is open with the new template, or was opened and has been shut against the new
 * version for the next one. Then the old pods go, and nothing leads back any more but another release.
 */
export function isFinishing(s: Situation, d: Draft): boolean {
  const hash = d.release.spec.templateHash;
  return s.shut ? s.gate?.stable === hash : hash !== undefined && currentHash(s) === hash;
}

/**
 * Ends a good release, in an order in which every request finds a ready pod of the released version at each point, whoever
 * dies in between; each step begins when the one before is in force:
 *
 *   1. once 100 % is in force, the user's values come back: the gate is open, the Deployment controller takes the old pods
 *      away (all users are on `-new`, which leads to the new pods, so nobody misses the old ones)
 *   2. once the old pods are gone, `-stable` leads to the new pods too, and the mesh knows
 *   3. the rule is at rest again, everything to `-stable`: the same pods by another name
 *   4. `-new` leads nowhere
 */
export function finish(s: Situation, d: Draft, policy: ReleasePolicy, why: string): void {
  if (d.progress.finishTime === undefined) {
    d.note({ finishTime: d.now });
    d.decide("open the gate", why);
  }
  // At rest the rule sends everything to `-stable`, which leads to the new version by then.
  d.set({ weight: 100, weightText: "100 %" });
  const { new: fresh, old } = versionsOf(d);
  const hash = d.release.spec.templateHash ?? NO_HASH;
  if (s.shut && s.gate && currentHash(s) === hash) {
    if (!rulesInForce(s)) {
      d.set({ message: `at 100 %: ${why}; waits for the mesh to have 100 % in force` });
      return;
    }
    d.act({ kind: "updateDeployment", object: open(s.deployment, s.gate.user), why: `${fresh} is released: ${why}` });
    d.set({ message: `at 100 %: ${why}; the pods of ${old} go` });
    return;
  }
  keepWhole(s, d, s.fresh);
  d.set({ message: `at 100 %; the pods of ${old} go: ${oldPods(s)} left` });
  // As long as old pods are there, an undo finds them behind `-stable`. A newer template takes them over.
  if (currentHash(s) === hash && oldPods(s) > 0) return;
  if (weightNow(s) > 0 && !bothNamesLeadToNew(s, d, policy, hash)) return;
  const atRest = { pins: { stable: hash, new: hash }, split: { w: 0, session: undefined, testers: false } };
  const actions = planRouting(s, policy, atRest, "the new version is the stable one now");
  d.act(...actions);
  if (actions.length > 0 || !rulesInForce(s)) return;
  const receipt = successReceipt(s, d);
  end(d, { phase: "Succeeded", reason: "ReleaseSucceeded", receipt, why, now: `everyone is on ${fresh}` });
}

const oldPods = (s: Situation): number => s.stable?.status?.replicas ?? 0;

function bothNamesLeadToNew(s: Situation, d: Draft, policy: ReleasePolicy, hash: string): boolean {
  const split = { w: weightNow(s), session: d.session, testers: s.split?.testers ?? false };
  const actions = planRouting(
    s,
    policy,
    { pins: { stable: hash, new: hash }, split },
    "both names lead to the new pods",
  );
  d.act(...actions);
  const ready = readyPods(s.freshPods);
  const led = reachable(s.view, stableName(s.view.name), ready, s.now).length;
  return actions.length === 0 && ready.length > 0 && led === ready.length;
}
