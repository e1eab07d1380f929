import type { OwnerReference } from "../../api/object.ts";
import {
  blocks,
  deletesDependents,
  FOREGROUND_FINALIZER,
  ORPHAN_FINALIZER,
  type OwnedObject,
  orphansDependents,
} from "./ownership-graph.ts";

/** `absent` has been verified: nothing under that name has that uid. */
export type OwnerState = "present" | "absent" | "deletesDependents";

export interface CollectionView {
  readonly object: OwnedObject;
  /** What has become of the owner under each of the object's references, in their order. */
  readonly owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[];
  /** All objects that refer to this one as their owner. */
  readonly dependents: readonly OwnedObject[];
  /** Uids of those dependents that wait for this object in their turn (OwnershipGraph). */
  readonly circle: ReadonlySet<string>;
}

export type CollectionAction =
  | {
      readonly kind: "delete";
      readonly object: OwnedObject;
      readonly propagationPolicy: "Background" | "Foreground" | "Orphan";
      readonly why: string;
    }
  /** Replaces the object's owner references; fails when the object has changed meanwhile. */
  | {
      readonly kind: "setOwners";
      readonly object: OwnedObject;
      readonly owners: readonly OwnerReference[];
      readonly why: string;
    }
  | {
      readonly kind: "removeFinalizer";
      readonly object: OwnedObject;
      readonly finalizer: string;
      readonly why: string;
    };

/**
 * What is to be done about one object because of its owners and dependents.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion
 */
export function planCollection(view: CollectionView): readonly CollectionAction[] {
  const { object } = view;
  if (orphansDependents(object)) return orphan(view);
  if (deletesDependents(object)) return finish(view);
  return object.deleting ? [] : collect(view);
}

/** Dependents are set free first; then the object may go. */
function orphan({ object, dependents }: CollectionView): readonly CollectionAction[] {
  if (dependents.length === 0) {
    const why = "it has no dependents left to set free";
    return [{ kind: "removeFinalizer", object, finalizer: ORPHAN_FINALIZER, why }];
  }
  return dependents.map((dependent) => ({
    kind: "setOwners",
    object: dependent,
    owners: dependent.owners.filter(({ uid }) => uid !== object.uid),
    why: "its owner is being deleted and leaves it",
  }));
}

/**
 * Waits for the dependents that block; they are collected on their own account. Kubernetes would wait for ever where owners in
 * a circle are each deleted in the foreground; here nobody waits for who waits for it.
 */
function finish({ object, dependents, circle }: CollectionView): readonly CollectionAction[] {
  const blocked = dependents.some((dependent) => !circle.has(dependent.uid) && blocks(dependent, object.uid));
  if (blocked) return [];
  return [{ kind: "removeFinalizer", object, finalizer: FOREGROUND_FINALIZER, why: "nothing blocks it any more" }];
}

function collect({ object, owners, dependents }: CollectionView): readonly CollectionAction[] {
  if (owners.length === 0) return [];
  const kept = owners.filter(({ state }) => state === "present").map(({ reference }) => reference);
  if (kept.length === owners.length) return [];
  if (kept.length > 0) return [{ kind: "setOwners", object, owners: kept, why: "some of its owners are gone" }];
  const waited = owners.some(({ state }) => state === "deletesDependents");
  if (waited && dependents.length > 0) return collectTree(object, owners, dependents);
  const propagationPolicy = object.finalizers.includes(ORPHAN_FINALIZER)
    ? "Orphan"
    : object.finalizers.includes(FOREGROUND_FINALIZER)
      ? "Foreground"
      : "Background";
  return [
    { kind: "delete", object, propagationPolicy, why: waited ? "its owner waits for it to go" : "its owners are gone" },
  ];
}

/**
 * An owner that waits is to see the whole tree go, so the object waits for its own dependents. When one of those waits already, the
 * owners may form a circle: the object no longer blocks them.
 */
function collectTree(
  object: OwnedObject,
  owners: CollectionView["owners"],
  dependents: readonly OwnedObject[],
): readonly CollectionAction[] {
  const remove: CollectionAction = {
    kind: "delete",
    object,
    propagationPolicy: "Foreground",
    why: "its owner waits for it and its dependents to go",
  };
  const blocks = owners.some(({ reference }) => reference.blockOwnerDeletion === true);
  if (!blocks || !dependents.some(deletesDependents)) return [remove];
  const unblocked = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }));
  return [
    { kind: "setOwners", object, owners: unblocked, why: "its dependents wait too: a circle must not block" },
    remove,
  ];
}
