import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import type { Draft, OwnerReference } from "../../api/object.ts";
import { labelSelectorOf, labelSelectorOfMap, matchesLabels } from "../../lib/label-selector.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";
import { availableFrom, hasEnded, isActive, isAvailable, isDeleting, isReady } from "../pods/readiness.ts";
import { claim } from "./claim.ts";
import { podsToDelete } from "./deletion-order.ts";

/** Most pods that one pass creates or deletes. */
const BURST = 500;

export interface ReplicaSetView {
  readonly replicaSet: ReplicaSet;
  /** All pods of the namespace: some may have to be adopted. */
  readonly pods: readonly Pod[];
  /** The pods of all sets that have the same controller as this one (its own among them); none when nothing controls it. */
  readonly related: readonly Pod[];
}

export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export type ReplicaSetAction =
  | { readonly kind: "adoptPod"; readonly pod: PodRef; readonly why: string }
  | { readonly kind: "releasePod"; readonly pod: PodRef; readonly why: string }
  | { readonly kind: "createPods"; readonly count: number; readonly object: Draft<Pod>; readonly why: string }
  | { readonly kind: "deletePod"; readonly pod: PodRef; readonly why: string };

/**
 * Keeps the number of pods that match the selector at `replicas`.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
 */
export function planReplicaSet(view: ReplicaSetView, now: number): Plan<ReplicaSetAction, ReplicaSetStatus> {
  const { replicaSet, pods } = view;
  const selector = labelSelectorOf(replicaSet.spec.selector);
  const claims = claim(replicaSet, selector, pods.filter(isActive));
  const terminating = pods.filter(
    (pod) =>
      isDeleting(pod) &&
      !hasEnded(pod) &&
      pod.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === replicaSet.metadata.uid),
  );
  const wakeAt = nextAvailable(claims.owned, replicaSet.spec.minReadySeconds ?? 0, now);
  const resizing = isDeleting(replicaSet) ? [] : resize(view, claims.owned, now);
  return {
    actions: [
      ...claims.adopt.map((pod): ReplicaSetAction => {
        return { kind: "adoptPod", pod: podRef(pod), why: "it matches the selector and has no controller" };
      }),
      ...claims.release.map((pod): ReplicaSetAction => {
        return { kind: "releasePod", pod: podRef(pod), why: "it no longer matches the selector" };
      }),
      ...resizing,
    ],
    status: statusOf(replicaSet, remaining(claims.owned, resizing), terminating.length, now),
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

function resize(
  { replicaSet, related }: ReplicaSetView,
  owned: readonly Pod[],
  now: number,
): readonly ReplicaSetAction[] {
  const desired = replicaSet.spec.replicas ?? 1;
  const difference = desired - owned.length;
  const why = `${owned.length} pods, ${desired} wanted`;
  if (difference > 0)
    return [{ kind: "createPods", count: Math.min(difference, BURST), object: newPod(replicaSet), why }];
  return podsToDelete(owned, related, Math.min(-difference, BURST), now).map((pod): ReplicaSetAction => {
    return { kind: "deletePod", pod: podRef(pod), why };
  });
}

/** A pod that is about to be deleted is not counted: whoever reads the status must not rely on it any more. */
function remaining(owned: readonly Pod[], actions: readonly ReplicaSetAction[]): readonly Pod[] {
  const leaving = new Set(actions.map((action) => (action.kind === "deletePod" ? action.pod.uid : undefined)));
  return owned.filter((pod) => !leaving.has(pod.metadata.uid));
}

/** The reference by which a ReplicaSet controls its pods. */
export function replicaSetReference({ metadata: { name, uid } }: ReplicaSet): OwnerReference {
  return { apiVersion: "apps/v1", kind: "ReplicaSet", name, uid, controller: true, blockOwnerDeletion: true };
}

function newPod(replicaSet: ReplicaSet): Draft<Pod> {
  const { name, namespace } = replicaSet.metadata;
  const { metadata: { labels, annotations, finalizers } = {}, spec = { containers: [] } } =
    replicaSet.spec.template ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [replicaSetReference(replicaSet)],
    },
    spec,
  };
}

function podRef({ metadata: { namespace = "", name, uid } }: Pod): PodRef {
  return { namespace, name, uid };
}

function statusOf(
  { metadata, spec, status }: ReplicaSet,
  pods: readonly Pod[],
  terminating: number,
  now: number,
): ReplicaSetStatus {
  const minReadySeconds = spec.minReadySeconds ?? 0;
  const template = labelSelectorOfMap(spec.template?.metadata?.labels ?? {});
  const count = (test: (pod: Pod) => boolean): number => pods.reduce((total, pod) => total + (test(pod) ? 1 : 0), 0);
  const labeled = count((pod) => matchesLabels(template, pod.metadata.labels));
  const ready = count(isReady);
  const available = count((pod) => isAvailable(pod, minReadySeconds, now));
  const { generation = 0 } = metadata;
  const conditions = (status?.conditions ?? []).filter(({ type }) => type !== REPLICA_FAILURE);
  return {
    replicas: pods.length,
    ...(labeled > 0 && { fullyLabeledReplicas: labeled }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    terminatingReplicas: terminating,
    ...(generation > 0 && { observedGeneration: generation }),
    ...(conditions.length > 0 && { conditions }),
  };
}

const REPLICA_FAILURE = "ReplicaFailure";

/**
 * The status when pods could not be created (or deleted): `planned` plus the condition ReplicaFailure. One that is there already stays
 * as it is.
 */
export function failedStatus(
  replicaSet: ReplicaSet,
  planned: ReplicaSetStatus,
  reason: "FailedCreate" | "FailedDelete",
  message: string,
  now: number,
): ReplicaSetStatus {
  const current = replicaSet.status?.conditions?.find(({ type }) => type === REPLICA_FAILURE);
  const condition: ReplicaSetCondition = current ?? {
    type: REPLICA_FAILURE,
    status: "True",
    lastTransitionTime: formatTimestamp(now),
    reason,
    message,
  };
  return { ...planned, conditions: [...(planned.conditions ?? []), condition] };
}

/** When the next ready pod will have been ready for long enough. */
function nextAvailable(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  let next: number | undefined;
  for (const pod of pods) {
    const from = availableFrom(pod, minReadySeconds);
    if (from !== undefined && from > now && (next === undefined || from < next)) next = from;
  }
  return next;
}
