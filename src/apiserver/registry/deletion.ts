import type { Namespace, Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { formatTimestamp, parseTimestamp } from "../../lib/timestamp.ts";
import { isDeletedGracefully, orphansDependents } from "./kind-behaviour.ts";
import { withMeta, withoutMeta } from "./object-meta.ts";

/** How an object is to be deleted. https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
export interface DeletionOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly dryRun: boolean;
}

/** What a deletion does to an object: gone at once, marked and waited for, or nothing since it goes already. */
export type Deletion =
  | { readonly kind: "remove"; readonly last: KubeObject }
  | { readonly kind: "mark"; readonly object: KubeObject }
  | { readonly kind: "pending" };

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** Decides what a deletion at time `now` (milliseconds) does. Throws Conflict when a precondition does not hold. */
export function planDeletion(info: ResourceInfo, current: KubeObject, options: DeletionOptions, now: number): Deletion {
  checkPreconditions(info, current, options);
  if (info.group === "" && info.kind === "Namespace") {
    const emptying = planEmptying(current as Namespace & KubeObject, now);
    if (emptying) return emptying;
  }
  const graceful = isDeletedGracefully(info) ? planGrace(current as Pod & KubeObject, options, now) : undefined;
  if (graceful === "pending") return { kind: "pending" };
  const finalizers = finalizersFor(info, graceful?.object ?? current, options);
  const object = withFinalizers(graceful?.object ?? current, finalizers);
  if (finalizers.length > 0) return { kind: "mark", object: graceful ? object : markDeleted(object, now) };
  if (graceful && graceful.seconds > 0) return { kind: "mark", object };
  return { kind: "remove", last: object };
}

function checkPreconditions(info: ResourceInfo, { metadata }: KubeObject, { preconditions }: DeletionOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const refuse = (why: string): StatusError =>
    new StatusError(
      "Conflict",
      `Operation cannot be fulfilled on ${info.group === "" ? info.kind : `${info.kind}.${info.group}`} ${JSON.stringify(metadata.name)}: ${why}`,
      { name: metadata.name, ...(info.group !== "" && { group: info.group }), kind: info.kind },
    );
  if (uid !== undefined && uid !== metadata.uid)
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}

/**
 * A namespace goes when its content is gone: whoever empties it takes its name off spec.finalizers. From then on it is deleted as
 * everything else, for which undefined stands.
 */
function planEmptying(namespace: Namespace & KubeObject, now: number): Deletion | undefined {
  if (namespace.metadata.deletionTimestamp === undefined) {
    const marked = withMeta(namespace, { deletionTimestamp: formatTimestamp(now) });
    return { kind: "mark", object: { ...marked, status: { ...namespace.status, phase: "Terminating" } } as KubeObject };
  }
  return namespace.spec?.finalizers?.length ? { kind: "pending" } : undefined;
}

interface Graceful {
  readonly object: KubeObject;
  readonly seconds: number;
}

/** Undefined: the grace period is over already, so nothing is waited for. */
function planGrace(pod: Pod & KubeObject, options: DeletionOptions, now: number): Graceful | "pending" | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: current, generation } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    if (current === undefined) return undefined;
    const wanted = options.gracePeriodSeconds;
    // A grace period is only ever made shorter.
    if (wanted === undefined || atLeast(wanted) >= current) return "pending";
    const seconds = atLeast(wanted);
    const began = (parseTimestamp(deletionTimestamp) ?? now) - current * 1000;
    return { object: withGrace(pod, began + seconds * 1000, seconds), seconds };
  }
  const seconds = graceOf(pod, options);
  const bumped = generation ? withMeta(pod, { generation: generation + 1 }) : pod;
  return { object: withGrace(bumped, now + seconds * 1000, seconds), seconds };
}

function graceOf({ spec, status }: Pod, { gracePeriodSeconds }: DeletionOptions): number {
  const ended = status?.phase === "Failed" || status?.phase === "Succeeded";
  if (!spec?.nodeName || ended) return 0;
  return atLeast(gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 0);
}

/** A negative grace period counts as one second. */
function atLeast(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

function withGrace(object: KubeObject, at: number, seconds: number): KubeObject {
  return withMeta(object, { deletionTimestamp: formatTimestamp(at), deletionGracePeriodSeconds: seconds });
}

/** The finalizers with those of the garbage collector as the options ask for them. */
function finalizersFor(info: ResourceInfo, { metadata }: KubeObject, options: DeletionOptions): readonly string[] {
  const present = metadata.finalizers ?? [];
  const policy = policyOf(info, present, options);
  const wanted = [
    ...present.filter((name) => name !== ORPHAN && name !== FOREGROUND),
    ...(policy === "Orphan" ? [ORPHAN] : []),
    ...(policy === "Foreground" ? [FOREGROUND] : []),
  ];
  const same = wanted.length === present.length && wanted.every((name) => present.includes(name));
  return same ? present : wanted;
}

/** What the options say; else what a finalizer says; else what is usual for the kind. */
function policyOf(info: ResourceInfo, finalizers: readonly string[], options: DeletionOptions): string {
  if (info.kind === "Event") return "Background";
  if (options.orphanDependents !== undefined) return options.orphanDependents ? "Orphan" : "Background";
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  const set = finalizers.find((name) => name === ORPHAN || name === FOREGROUND);
  if (set !== undefined) return set === ORPHAN ? "Orphan" : "Foreground";
  return orphansDependents(info) ? "Orphan" : "Background";
}

function withFinalizers(object: KubeObject, finalizers: readonly string[]): KubeObject {
  if (finalizers === object.metadata.finalizers || (finalizers.length === 0 && !object.metadata.finalizers))
    return object;
  return finalizers.length > 0 ? withMeta(object, { finalizers }) : withoutMeta(object, "finalizers");
}

function markDeleted(object: KubeObject, now: number): KubeObject {
  const { deletionTimestamp, generation } = object.metadata;
  const deleted = deletionTimestamp === undefined ? undefined : parseTimestamp(deletionTimestamp);
  return withMeta(object, {
    ...(deletionTimestamp === undefined && generation && { generation: generation + 1 }),
    ...((deleted === undefined || deleted > now) && { deletionTimestamp: formatTimestamp(now) }),
    deletionGracePeriodSeconds: 0,
  });
}

/** Whether an update has taken away the last thing for which a deleted object was kept. */
export function isDeletionComplete(current: KubeObject, updated: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds !== 0 || updated.metadata.finalizers?.length)
    return false;
  return updated.kind !== "Namespace" || !(updated as Namespace).spec?.finalizers?.length;
}
