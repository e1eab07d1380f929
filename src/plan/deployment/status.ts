import type { Deployment, DeploymentStatus, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { formatTimestamp, parseTimestamp } from "../../lib/timestamp.ts";
import {
  type Conditions,
  findCondition,
  newCondition,
  PROGRESSING,
  removeCondition,
  replaceCondition,
  setCondition,
} from "./conditions.ts";
import { desiredReplicas, minAvailable } from "./limits.ts";
import { allSets, type ReplicaSets, specReplicas, sum } from "./replica-sets.ts";

/** A progressDeadlineSeconds of this value means: no deadline. Likewise revisionHistoryLimit. */
const UNLIMITED = 2_147_483_647;

/** The deadline in seconds; undefined when there is none, and so no condition Progressing either. */
export function progressDeadline(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === UNLIMITED ? undefined : seconds;
}

/** How many old sets are kept; undefined: all. */
export function historyLimit(deployment: Deployment): number | undefined {
  const limit = deployment.spec.revisionHistoryLimit;
  return limit === UNLIMITED ? undefined : limit;
}

/** A status whose conditions are known. */
export type CountedStatus = DeploymentStatus & { readonly conditions: Conditions };

/** The counts and the condition Available, as of the sets' own statuses. */
export function countedStatus(
  deployment: Deployment,
  sets: ReplicaSets,
  conditions: Conditions,
  now: number,
): CountedStatus {
  const all = allSets(sets);
  const available = sum(all, (set) => set.status?.availableReplicas ?? 0);
  const enough = available >= minAvailable(deployment);
  const condition = enough
    ? newCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    : newCondition(
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
        now,
      );
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: sets.newest?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, specReplicas) - available),
  };
  const terminating = terminatingReplicas(all);
  const collisions = deployment.status?.collisionCount;
  return {
    ...withoutZeros(counts),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    conditions: setCondition(conditions, condition),
    ...(collisions !== undefined && { collisionCount: collisions }),
  };
}

/** Kubernetes leaves out of a status what is 0. */
function withoutZeros(counts: Readonly<Record<string, number>>): DeploymentStatus {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** Undefined when a set that has been looked at does not say. */
function terminatingReplicas(sets: readonly ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas;
    else if (status?.observedGeneration) return undefined;
  }
  return total;
}

/** Everything that was wanted is there and available, and nothing else is. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/**
 * The status after a step of a rollout: counts, and how far the rollout has come. `deployment.status` is what was last written: the
 * difference is the progress.
 */
export function rolloutStatus(
  deployment: Deployment,
  sets: ReplicaSets,
  conditions: Conditions,
  now: number,
): CountedStatus {
  const status = countedStatus(deployment, sets, conditions, now);
  const progress = progressOf(deployment, sets.newest, status, conditions, now);
  return { ...status, conditions: withReplicaFailure(progress, sets) };
}

function progressOf(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  status: CountedStatus,
  before: Conditions,
  now: number,
): Conditions {
  if (progressDeadline(deployment) === undefined) return removeCondition(status.conditions, "Progressing");
  const current = findCondition(before, "Progressing");
  const finishedBefore =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === PROGRESSING.available;
  if (finishedBefore) return status.conditions;
  const subject = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return setCondition(status.conditions, newCondition("Progressing", "True", PROGRESSING.available, message, now));
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    // The same reason again moves lastUpdateTime all the same: the deadline starts anew with each step forward.
    const message = `${subject} is progressing.`;
    return replaceCondition(status.conditions, newCondition("Progressing", "True", PROGRESSING.updated, message, now));
  }
  if (isOverdue(deployment, status.conditions, now)) {
    const message = `${subject} has timed out progressing.`;
    return setCondition(status.conditions, newCondition("Progressing", "False", PROGRESSING.timedOut, message, now));
  }
  return status.conditions;
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isOverdue(deployment: Deployment, conditions: Conditions, now: number): boolean {
  const condition = findCondition(conditions, "Progressing");
  if (!condition || condition.reason === PROGRESSING.available) return false;
  if (condition.reason === PROGRESSING.timedOut) return true;
  const deadline = deadlineOf(deployment, conditions);
  return deadline !== undefined && deadline < now;
}

/** Time (ms) up to which the next step forward must have been seen. */
function deadlineOf(deployment: Deployment, conditions: Conditions): number | undefined {
  const seconds = progressDeadline(deployment);
  const since = parseTimestamp(findCondition(conditions, "Progressing")?.lastUpdateTime);
  return seconds === undefined || since === undefined ? undefined : since + seconds * 1000;
}

/** When the rollout has to be looked at again because its deadline may have passed; undefined when it cannot pass. */
export function deadlineWake(deployment: Deployment, status: CountedStatus): number | undefined {
  if (isComplete(deployment, status)) return undefined;
  const reason = findCondition(status.conditions, "Progressing")?.reason;
  if (reason === PROGRESSING.timedOut || reason === PROGRESSING.available) return undefined;
  const deadline = deadlineOf(deployment, status.conditions);
  // Timestamps have whole seconds: one more, and the deadline has passed for certain.
  return deadline === undefined ? undefined : deadline + 1000;
}

/** A set that cannot create or delete its pods: the newest set's failure first. */
function withReplicaFailure(conditions: Conditions, sets: ReplicaSets): Conditions {
  const ordered = sets.newest ? [sets.newest, ...sets.old] : sets.old;
  const failure = ordered
    .flatMap((set) => set.status?.conditions ?? [])
    .find((condition) => condition.type === "ReplicaFailure");
  if (!failure) return removeCondition(conditions, "ReplicaFailure");
  const time = failure.lastTransitionTime ?? formatTimestamp(0);
  return setCondition(conditions, { ...failure, lastUpdateTime: time, lastTransitionTime: time });
}

/** The condition Progressing while the rollout is paused, and after it was resumed. A missed deadline stays as it is. */
export function withPause(deployment: Deployment, conditions: Conditions, now: number): Conditions {
  const current = findCondition(conditions, "Progressing");
  if (progressDeadline(deployment) === undefined || current?.reason === PROGRESSING.timedOut) return conditions;
  const paused = deployment.spec.paused === true;
  if (paused === (current?.reason === PROGRESSING.paused)) return conditions;
  const condition = paused
    ? newCondition("Progressing", "Unknown", PROGRESSING.paused, "Deployment is paused", now)
    : newCondition("Progressing", "Unknown", PROGRESSING.resumed, "Deployment is resumed", now);
  return setCondition(conditions, condition);
}
