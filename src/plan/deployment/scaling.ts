import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { desiredReplicas, isRolling, rollingLimits } from "./limits.ts";
import {
  activeSets,
  allSets,
  bySizeThenNewest,
  bySizeThenOldest,
  hasSettled,
  isSaturated,
  type ReplicaSets,
  replaceSets,
  resized,
  sizedFor,
  specReplicas,
  sum,
} from "./replica-sets.ts";
import { desiredReplicasSeenBy, maxReplicasSeenBy } from "./revision.ts";

/** Whether `replicas` of the Deployment has changed since its active sets were last scaled. */
export function hasBeenScaled(deployment: Deployment, sets: ReplicaSets): boolean {
  return activeSets(allSets(sets)).some((set) => {
    const seen = desiredReplicasSeenBy(set);
    return seen !== undefined && seen !== desiredReplicas(deployment);
  });
}

/**
 * Gives the sets the sizes that the Deployment's new size asks for: a single active set gets everything; when the newest set has all
 * its pods already, the old ones end; else all sets grow or shrink in proportion.
 */
export function scale(deployment: Deployment, sets: ReplicaSets): ReplicaSets {
  // While a set still has pods that it was told to give up, others must not grow into their place.
  if (!allSets(sets).every(hasSettled)) return sets;
  const single = onlyActiveOrLatest(sets);
  if (single) {
    // Another surge alone is noted at the next change of size, as in Kubernetes.
    const seen = desiredReplicasSeenBy(single) ?? desiredReplicas(deployment);
    if (specReplicas(single) === desiredReplicas(deployment) && seen === desiredReplicas(deployment)) return sets;
    const sized = sizedFor(single, desiredReplicas(deployment), deployment);
    return replaceSets(sets, new Map([[single.metadata.uid, sized]]));
  }
  if (sets.newest && isSaturated(deployment, sets.newest, desiredReplicasSeenBy(sets.newest) ?? Number.NaN))
    return { newest: sets.newest, old: sets.old.map((set) => resized(set, 0, deployment)) };
  return isRolling(deployment) ? scaleProportionally(deployment, sets) : sets;
}

/** The only set with pods; when none has any, the newest set, else the latest of the old ones. */
function onlyActiveOrLatest(sets: ReplicaSets): ReplicaSet | undefined {
  const active = activeSets(allSets(sets));
  if (active.length > 1) return undefined;
  return active[0] ?? sets.newest ?? sets.old.at(-1);
}

/**
 * 10 replicas with maxSurge 3 are rolling (old 8, newest 5 = 13) when they are scaled to 15: 18 may exist, so 5 are added, in
 * proportion to 18/13: old 8 → 11, newest 5 → 7. What rounding leaves over goes to the biggest set.
 */
function scaleProportionally(deployment: Deployment, sets: ReplicaSets): ReplicaSets {
  const active = activeSets(allSets(sets));
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + rollingLimits(deployment).maxSurge : 0;
  const toAdd = allowed - sum(active, specReplicas);
  const ordered = [...active].sort(toAdd > 0 ? bySizeThenNewest : bySizeThenOldest);
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of ordered) {
    const share = toAdd === 0 ? 0 : shareOf(set, deployment, toAdd - added);
    sizes.set(set, specReplicas(set) + share);
    added += share;
  }
  const changed = new Map<string, ReplicaSet>();
  for (const [set, size] of sizes) {
    const leftover = set === ordered[0] ? toAdd - added : 0;
    changed.set(set.metadata.uid, sizedFor(set, Math.max(0, size + leftover), deployment));
  }
  return replaceSets(sets, changed);
}

/** How much this set grows (or, negative, shrinks), at most by what is `left`. */
function shareOf(set: ReplicaSet, deployment: Deployment, left: number): number {
  const replicas = specReplicas(set);
  const share = fractionOf(set, replicas, deployment);
  if (left === 0) return 0;
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
}

function fractionOf(set: ReplicaSet, replicas: number, deployment: Deployment): number {
  const desired = desiredReplicas(deployment);
  if (desired === 0) return -replicas;
  const maxBefore = maxReplicasSeenBy(set) || (deployment.status?.replicas ?? 0);
  if (maxBefore === 0) return 0;
  const maxNow = desired + rollingLimits(deployment).maxSurge;
  return Math.round((replicas * maxNow) / maxBefore) - replicas;
}
