import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { PodTemplateSpec } from "../../api/generated/core-v1.ts";
import type { Draft } from "../../api/object.ts";
import type { EventAction } from "../event.ts";
import { allSets, type ReplicaSets, specReplicas } from "./replica-sets.ts";
import { type Annotations, sameAnnotations } from "./revision.ts";

/** Names one set in one version: a write on it fails when it has changed since. */
export interface SetRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type DeploymentAction =
  | { readonly kind: "adoptReplicaSet"; readonly replicaSet: SetRef; readonly why: string }
  | { readonly kind: "releaseReplicaSet"; readonly replicaSet: SetRef; readonly why: string }
  | { readonly kind: "createReplicaSet"; readonly object: Draft<ReplicaSet>; readonly why: string }
  | {
      readonly kind: "updateReplicaSet";
      readonly replicaSet: SetRef;
      readonly replicas?: number;
      readonly minReadySeconds?: number;
      /** All annotations that the set is to have. */
      readonly annotations?: Annotations;
      readonly why: string;
    }
  | { readonly kind: "deleteReplicaSet"; readonly replicaSet: SetRef; readonly why: string }
  | {
      /** Changes the Deployment itself; fails when it has changed since. */
      readonly kind: "updateDeployment";
      /** All annotations that it is to have. */
      readonly annotations: Annotations;
      readonly template?: PodTemplateSpec;
      readonly why: string;
    }
  | EventAction;

export function setRef(set: ReplicaSet): SetRef {
  const { namespace = "", name, uid, resourceVersion } = set.metadata;
  return { namespace, name, uid, resourceVersion };
}

/** The actions that turn the sets as they are into the sets as they shall be: each changed set is written once. */
export function changesOf(before: ReplicaSets, after: ReplicaSets, why: string): readonly DeploymentAction[] {
  const known = new Map(allSets(before).map((set) => [set.metadata.uid, set]));
  const ordered = after.newest ? [after.newest, ...after.old] : after.old;
  return ordered.flatMap((set) => {
    const old = known.get(set.metadata.uid);
    if (old === set) return [];
    return old ? updateOf(old, set, why) : creationOf(set, why);
  });
}

function creationOf(set: ReplicaSet, why: string): readonly DeploymentAction[] {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, ...metadata } = set.metadata;
  const object: Draft<ReplicaSet> = { apiVersion: set.apiVersion, kind: set.kind, metadata, spec: set.spec };
  return [{ kind: "createReplicaSet", object, why }, ...scalingEvent(set.metadata.name, 0, specReplicas(set), why)];
}

function updateOf(old: ReplicaSet, set: ReplicaSet, why: string): readonly DeploymentAction[] {
  const [from, to] = [specReplicas(old), specReplicas(set)];
  const annotations = set.metadata.annotations ?? {};
  const annotated = sameAnnotations(old.metadata.annotations ?? {}, annotations);
  const minReady = set.spec.minReadySeconds ?? 0;
  const sameMinReady = (old.spec.minReadySeconds ?? 0) === minReady;
  if (from === to && annotated && sameMinReady) return [];
  const update: DeploymentAction = {
    kind: "updateReplicaSet",
    replicaSet: setRef(old),
    ...(from !== to && { replicas: to }),
    ...(!sameMinReady && { minReadySeconds: minReady }),
    ...(!annotated && { annotations }),
    why,
  };
  return [update, ...scalingEvent(set.metadata.name, from, to, why)];
}

function scalingEvent(name: string, from: number, to: number, why: string): readonly EventAction[] {
  if (from === to) return [];
  const message = `Scaled ${from < to ? "up" : "down"} replica set ${name} from ${from} to ${to}`;
  return [{ kind: "event", type: "Normal", reason: "ScalingReplicaSet", message, why }];
}
