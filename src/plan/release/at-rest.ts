import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { FINALIZER, NO_HASH } from "../gate/names.ts";
import type { ReleaseAction } from "./actions.ts";
import { newRelease } from "./begin-release.ts";
import { removeForObstacle, letGo } from "./removal.ts";
import { restingPin } from "./resting-pin.ts";
import { planRouting } from "./routing.ts";
import type { Situation } from "./situation.ts";

/** What is to be done while no release is live: the rule at rest, or the beginning of the next release. */
export function planAtRest(s: Situation, policy: ReleasePolicy): ReleaseAction[] {
  const actions = [...keepFinalizer(policy), ...letGo(s.view, policy)];
  const [obstacle] = s.obstacles;
  if (obstacle && !cameWithTemplate(s, policy)) return [...actions, ...removeForObstacle(s, obstacle.message)];
  const release = newRelease(s, policy);
  // The Services keep their pins: the release itself moves them, under its own session.
  if (release)
    return [...actions, { kind: "createRelease", object: release, why: "a new template is behind the shut gate" }];
  const split = { w: 0, session: undefined, testers: false };
  const wanted = { pins: { stable: restingPin(s), new: NO_HASH }, split };
  return [
    ...actions,
    ...planRouting(s, policy, wanted, "at rest everything goes to the released version"),
    ...prune(s),
  ];
}

/**
 * The policy was in place when the gate was shut, so what stands in the way came with the new template (labels that no
 * Service selects). Users stay where they are: the release begins, and says what it waits for.
 */
function cameWithTemplate(s: Situation, { status }: ReleasePolicy): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return s.shut && s.split !== undefined && ready?.status !== "False";
}

/** Deleting the policy waits for the rule to be out of the way. */
function keepFinalizer(policy: ReleasePolicy): ReleaseAction[] {
  const { finalizers = [] } = policy.metadata;
  if (finalizers.includes(FINALIZER) || policy.metadata.deletionTimestamp !== undefined) return [];
  const metadata = { ...policy.metadata, finalizers: [...finalizers, FINALIZER] };
  return [{ kind: "updatePolicy", object: { ...policy, metadata }, why: "its rule and Services go before it does" }];
}

/** History is kept as long as the Deployment keeps its own. */
function prune(s: Situation): ReleaseAction[] {
  const limit = s.deployment.spec.revisionHistoryLimit ?? 10;
  return s.past
    .slice(Math.max(1, limit))
    .map(({ metadata }) => ({ kind: "deleteRelease", name: metadata.name, why: `the history keeps ${limit}` }));
}
