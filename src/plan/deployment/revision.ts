import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { desiredReplicas, rollingLimits } from "./limits.ts";

export const REVISION = "deployment.kubernetes.io/revision";
export const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** Asks for a rollback (rollback.ts). */
export const ROLLBACK_TO = "deprecated.deployment.rollback.to";

/** Longest value of the annotation revision-history, in characters. */
const MAX_HISTORY_LENGTH = 2000;

/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  ROLLBACK_TO,
]);

/** Whether a Deployment and its ReplicaSets share the annotation. */
export function isCopied(key: string): boolean {
  return !NOT_COPIED.has(key);
}

export type Annotations = Readonly<Record<string, string>>;

/** Revision number of a set; 0 when it has none (or an unreadable one). */
export function revisionOf(set: ReplicaSet): number {
  return wholeNumber(set.metadata.annotations?.[REVISION]) ?? 0;
}

export function maxRevision(sets: readonly ReplicaSet[]): number {
  return sets.reduce((max, set) => Math.max(max, revisionOf(set)), 0);
}

/** Number of pods that the Deployment wanted when this set was last scaled. */
export function desiredReplicasSeenBy(set: ReplicaSet): number | undefined {
  return wholeNumber(set.metadata.annotations?.[DESIRED_REPLICAS]);
}

/** Most pods that the Deployment could have when this set was last scaled. */
export function maxReplicasSeenBy(set: ReplicaSet): number | undefined {
  return wholeNumber(set.metadata.annotations?.[MAX_REPLICAS]);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** The two annotations that let a later pass see that the Deployment has been scaled since. */
export function replicasAnnotations(deployment: Deployment): Annotations {
  const desired = desiredReplicas(deployment);
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + rollingLimits(deployment).maxSurge) };
}

/**
 * Annotations of the newest set: those of the Deployment (never taken away again), the revision, and the revisions that
 * it had before, when the Deployment came back to it. `revision` is one more than the highest of the older sets; a set
 * that has a higher one already keeps it (older sets may have been deleted since).
 */
export function newestSetAnnotations(deployment: Deployment, current: Annotations, revision: number): Annotations {
  const copied: Record<string, string> = {};
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (isCopied(key)) copied[key] = value;
  const before = current[REVISION];
  const old = before === undefined || before === "" ? 0 : wholeNumber(before);
  if (old === undefined || old >= revision) return { ...current, ...copied };
  const history = before === undefined ? undefined : extendHistory(current[REVISION_HISTORY], before);
  return {
    ...current,
    ...copied,
    [REVISION]: String(revision),
    ...(history !== undefined && { [REVISION_HISTORY]: history }),
  };
}

/** Appends a revision; the oldest ones go when the text gets too long. */
function extendHistory(history: string | undefined, revision: string): string | undefined {
  const revisions = history ? history.split(",") : [];
  revisions.push(revision);
  let length = revisions.join(",").length;
  let start = 0;
  while (length > MAX_HISTORY_LENGTH && start < revisions.length - 1) length -= (revisions[start++]?.length ?? 0) + 1;
  return length <= MAX_HISTORY_LENGTH ? revisions.slice(start).join(",") : history;
}

export function sameAnnotations(a: Annotations, b: Annotations): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
