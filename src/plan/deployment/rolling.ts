import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { desiredReplicas, minAvailable, rollingLimits } from "./limits.ts";
import {
  allSets,
  isObserved,
  type ReplicaSets,
  resized,
  specReplicas,
  sum,
  availableReplicas,
} from "./replica-sets.ts";

/** Size that the newest set may have now. */
export function newestSetSize(deployment: Deployment, { newest, old }: ReplicaSets): number {
  const desired = desiredReplicas(deployment);
  const current = newest ? specReplicas(newest) : 0;
  // A set that has not seen its last change may have any number of pods.
  if (current >= desired || !old.every(isObserved)) return Math.min(current, desired);
  const room = desired + rollingLimits(deployment).maxSurge - sum(old, podsOf) - (newest ? podsOf(newest) : 0);
  return current + Math.max(0, Math.min(room, desired - current));
}

/** Pods that the set has or will have: a set told to shrink still has those that it has not deleted yet. */
function podsOf(set: ReplicaSet): number {
  return Math.max(specReplicas(set), set.status?.replicas ?? 0);
}

/** Brings the newest set up as far as the surge allows; one that is too big is cut at once. */
export function scaleUpNewest(deployment: Deployment, sets: ReplicaSets): ReplicaSets {
  const { newest, old } = sets;
  return newest ? { newest: resized(newest, newestSetSize(deployment, sets), deployment), old } : sets;
}

/**
 * Takes pods from the old sets, oldest set first, as far as enough available pods are left.
 *
 * 10 replicas, 2 may be unavailable, surge 3; old 10, newest 3 of which none is available yet: 13 - 8 - 3 = 2 pods may go. Once the 3
 * are available, 13 - 8 - 0 = 5 may go. Pods that are not available anyway go first: they cost nothing.
 */
export function scaleDownOld(deployment: Deployment, sets: ReplicaSets): ReplicaSets {
  const { newest, old } = sets;
  if (!newest || sum(old, specReplicas) === 0) return sets;
  // A set that has not seen its last change does not say how many available pods it will have left.
  if (!allSets(sets).every(isObserved)) return sets;
  const least = minAvailable(deployment);
  const newestUnavailable = specReplicas(newest) - availableReplicas(newest);
  const removable = sum(allSets(sets), specReplicas) - least - newestUnavailable;
  if (removable <= 0) return sets;
  const rid = removeUnavailable(deployment, old, removable);
  const spare = sum([...rid, newest], availableReplicas) - least;
  return { newest, old: remove(deployment, rid, spare, specReplicas) };
}

function removeUnavailable(deployment: Deployment, old: readonly ReplicaSet[], most: number): readonly ReplicaSet[] {
  return remove(deployment, old, most, (set) => specReplicas(set) - availableReplicas(set));
}

/** Removes up to `most` pods, at most `removable(set)` from each set. */
function remove(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  most: number,
  removable: (set: ReplicaSet) => number,
): readonly ReplicaSet[] {
  let left = Math.max(0, most);
  return sets.map((set) => {
    const taken = Math.min(left, removable(set));
    left -= taken;
    return resized(set, specReplicas(set) - taken, deployment);
  });
}
