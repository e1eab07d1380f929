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
 * The set that serves the users of a Deployment whose gate is open: the one with the most ready pods, the present template's
 * when it has as many as any. Undefined when no pod is ready: then nobody is served, and there is nothing to protect.
 */
export function releasedSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const ready = (set: ReplicaSet): number => set.status?.readyReplicas ?? 0;
  const most = Math.max(0, ...sets.map(ready));
  if (most === 0) return undefined;
  const current = currentSet(deployment, sets);
  return current && ready(current) === most ? current : sets.find((set) => ready(set) === most);
}
