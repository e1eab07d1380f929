import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { sameTemplate } from "../pods/pod-template.ts";
import { desiredReplicas } from "./limits.ts";
import { replicasAnnotations, revisionOf } from "./revision.ts";

/** The ReplicaSets of a Deployment, as a pass finds them or as it leaves them. */
export interface ReplicaSets {
  /** The one with the Deployment's present template. Its uid is "" while it is only planned. */
  readonly newest: ReplicaSet | undefined;
  /** All others, oldest first. */
  readonly old: readonly ReplicaSet[];
}

/** When several sets have the present template, the oldest of them is the newest set. */
export function sortReplicaSets(deployment: Deployment, owned: readonly ReplicaSet[]): ReplicaSets {
  const sets = [...owned].sort(byCreation);
  const newest = sets.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { newest, old: sets.filter((set) => set !== newest) };
}

export function allSets({ newest, old }: ReplicaSets): readonly ReplicaSet[] {
  return newest ? [...old, newest] : old;
}

/** Whether the set's status tells of its present spec. */
export function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
}

/** The set has seen its last change and has no pods left that it was told to give up. */
export function hasSettled(set: ReplicaSet): boolean {
  return isObserved(set) && (set.status?.replicas ?? 0) <= specReplicas(set);
}

/** The set has no pods and will not get any. */
export function isEmpty(set: ReplicaSet): boolean {
  return specReplicas(set) === 0 && hasSettled(set);
}

/** Pods that a set is told to have. */
export function specReplicas(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

/** Available pods, never more than the set is to have. */
export function availableReplicas(set: ReplicaSet): number {
  return Math.min(specReplicas(set), set.status?.availableReplicas ?? 0);
}

export function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}

export function activeSets(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.filter((set) => specReplicas(set) > 0);
}

/** The set with another size; the very same object when it has that size already. */
export function resized(set: ReplicaSet, replicas: number, deployment: Deployment): ReplicaSet {
  return specReplicas(set) === replicas ? set : sizedFor(set, replicas, deployment);
}

/** Like `resized`, and renews the annotations that tell for which size of the Deployment the set was scaled. */
export function sizedFor(set: ReplicaSet, replicas: number, deployment: Deployment): ReplicaSet {
  const annotations = replicasAnnotations(deployment);
  const current = set.metadata.annotations ?? {};
  if (specReplicas(set) === replicas && Object.entries(annotations).every(([key, value]) => current[key] === value))
    return set;
  return {
    ...set,
    metadata: { ...set.metadata, annotations: { ...current, ...annotations } },
    spec: { ...set.spec, replicas },
  };
}

export function replaceSets({ newest, old }: ReplicaSets, changed: ReadonlyMap<string, ReplicaSet>): ReplicaSets {
  const current = (set: ReplicaSet): ReplicaSet => changed.get(set.metadata.uid) ?? set;
  return { newest: newest && current(newest), old: old.map(current) };
}

/** The newest set has all pods of the Deployment, and they are all available. */
export function isSaturated(deployment: Deployment, set: ReplicaSet | undefined, desiredWhenScaled: number): boolean {
  const desired = desiredReplicas(deployment);
  return (
    set !== undefined &&
    isObserved(set) &&
    specReplicas(set) === desired &&
    desiredWhenScaled === desired &&
    set.status?.availableReplicas === desired
  );
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return (
    compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || compare(a.metadata.name, b.metadata.name)
  );
}

export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b) || byCreation(a, b);
}

/** Biggest first; of equal ones the newest first. */
export function bySizeThenNewest(a: ReplicaSet, b: ReplicaSet): number {
  return specReplicas(b) - specReplicas(a) || byCreation(b, a);
}

/** Biggest first; of equal ones the oldest first. */
export function bySizeThenOldest(a: ReplicaSet, b: ReplicaSet): number {
  return specReplicas(b) - specReplicas(a) || byCreation(a, b);
}

/** RFC 3339 times of one form sort like text. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether nothing was changed between the two. */
export function sameSets(a: ReplicaSets, b: ReplicaSets): boolean {
  return a.newest === b.newest && a.old.length === b.old.length && a.old.every((set, i) => set === b.old[i]);
}
