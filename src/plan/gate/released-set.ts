import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { controllerOf } from "../../api/object.ts";
import { sameTemplate, TEMPLATE_HASH_LABEL } from "../pods/pod-template.ts";

/** The ReplicaSets of one Deployment among those of its namespace. */
export function ownSets(deployment: Deployment, replicaSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return replicaSets.filter((set) => controllerOf(set)?.uid === deployment.metadata.uid);
}

export function hashOf(set: ReplicaSet): string {
  return set.metadata.labels?.[TEMPLATE_HASH_LABEL] ?? "";
}

export function setWithHash(sets: readonly ReplicaSet[], hash: string | undefined): ReplicaSet | undefined {
  return sets.find((set) => hash !== undefined && hashOf(set) === hash);
}

/** The set of the Deployment's template; of several the oldest, as in Kubernetes. */
export function currentSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...sets]
    .sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1))
    .find((set) => sameTemplate(set.spec.template, deployment.spec.template));
}

/**
 * The set that serves the users of a Deployment whose gate is open: the only one with ready pods or, of several, the present
 * template's when it is whole, else the one to which users are led (`pinned`). Undefined when no pod is ready (nobody is
 * served, there is nothing to protect) and in the middle of an ordinary rollout, where two versions serve together.
 */
export function releasedSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  pinned: string | undefined,
): ReplicaSet | undefined {
  const ready = sets.filter(({ status }) => (status?.readyReplicas ?? 0) > 0);
  if (ready.length <= 1) return ready[0];
  const current = currentSet(deployment, ready);
  if (current && (current.status?.readyReplicas ?? 0) >= (deployment.spec.replicas ?? 1)) return current;
  return setWithHash(ready, pinned);
}
