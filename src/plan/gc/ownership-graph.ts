import type { OwnerReference } from "../../api/object.ts";
import type { Resource } from "../../api/resource.ts";

/** What the garbage collector knows of an object. */
export interface OwnedObject {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

export const FOREGROUND_FINALIZER = "foregroundDeletion";
export const ORPHAN_FINALIZER = "orphan";

/** The object waits for its dependents to go first. */
export function deletesDependents(object: OwnedObject): boolean {
  return object.deleting && object.finalizers.includes(FOREGROUND_FINALIZER);
}

/** The object waits for its dependents to be set free. */
export function orphansDependents(object: OwnedObject): boolean {
  return object.deleting && object.finalizers.includes(ORPHAN_FINALIZER);
}

/** The owner with this uid, when it is deleted in the foreground, waits for the object to go. */
export function blocks(object: OwnedObject, owner: string): boolean {
  return object.owners.some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true);
}

/** Who owns whom, by uid: all objects of all resources. An owner that was never seen has dependents all the same. */
export class OwnershipGraph {
  readonly #objects = new Map<string, OwnedObject>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): OwnedObject | undefined {
    return this.#objects.get(uid);
  }

  dependentsOf(uid: string): readonly OwnedObject[] {
    const found: OwnedObject[] = [];
    for (const dependent of this.#dependents.get(uid) ?? []) {
      const object = this.#objects.get(dependent);
      if (object) found.push(object);
    }
    return found;
  }

  /**
   * The dependents that wait for this object in their turn, directly or through others: owners in a circle, all of which are
   * being deleted in the foreground. None of them would ever go if each waited for the others.
   */
  circleOf(uid: string): ReadonlySet<string> {
    const circle = new Set<string>();
    const self = this.#objects.get(uid);
    if (!self || !deletesDependents(self)) return circle;
    for (const dependent of this.dependentsOf(uid)) if (this.#waitsOn(dependent, uid)) circle.add(dependent.uid);
    return circle;
  }

  #waitsOn(from: OwnedObject, uid: string): boolean {
    const seen = new Set<string>();
    const open = [from];
    for (let object = open.pop(); object; object = open.pop()) {
      if (object.uid === uid) return true;
      if (seen.has(object.uid) || !deletesDependents(object)) continue;
      seen.add(object.uid);
      for (const dependent of this.dependentsOf(object.uid)) if (blocks(dependent, object.uid)) open.push(dependent);
    }
    return false;
  }

  /** Takes in a new or changed object; returns the uids of the objects about which a new decision may be due. */
  put(object: OwnedObject): readonly string[] {
    const { uid } = object;
    const before = this.#objects.get(uid);
    this.#objects.set(uid, object);
    // Most changes (a report every second) are none of ours.
    if (before && saysTheSame(before, object)) return [];
    for (const owner of before?.owners ?? []) this.#unlink(owner.uid, uid);
    for (const owner of object.owners) this.#link(owner.uid, uid);
    const due = new Set([uid]);
    const waits = deletesDependents(object) || orphansDependents(object);
    if (waits && !(before && waitsFor(before)))
      for (const dependent of this.#dependents.get(uid) ?? []) due.add(dependent);
    this.#addWaitingOwners(due, before?.owners ?? []);
    this.#addWaitingOwners(due, object.owners);
    return [...due];
  }

  /** The object is gone; returns the uids of the objects about which a new decision is due. */
  remove(uid: string): readonly string[] {
    const before = this.#objects.get(uid);
    this.#objects.delete(uid);
    for (const owner of before?.owners ?? []) this.#unlink(owner.uid, uid);
    const due = new Set(this.#dependents.get(uid));
    this.#addWaitingOwners(due, before?.owners ?? []);
    return [...due];
  }

  #addWaitingOwners(due: Set<string>, owners: readonly OwnerReference[]): void {
    for (const { uid } of owners) {
      const owner = this.#objects.get(uid);
      if (owner && waitsFor(owner)) due.add(uid);
    }
  }

  #link(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    if (dependents) dependents.add(dependent);
    else this.#dependents.set(owner, new Set([dependent]));
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }
}

function waitsFor(object: OwnedObject): boolean {
  return deletesDependents(object) || orphansDependents(object);
}

function saysTheSame(a: OwnedObject, b: OwnedObject): boolean {
  return (
    a.deleting === b.deleting &&
    a.finalizers.length === b.finalizers.length &&
    a.finalizers.every((name, i) => name === b.finalizers[i]) &&
    a.owners.length === b.owners.length &&
    a.owners.every((owner, i) => sameOwner(owner, b.owners[i]))
  );
}

function sameOwner(a: OwnerReference, b: OwnerReference | undefined): boolean {
  return a.uid === b?.uid && a.name === b.name && a.blockOwnerDeletion === b.blockOwnerDeletion;
}
