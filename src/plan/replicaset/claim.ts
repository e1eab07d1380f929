import { controllerOf, type KubeObject } from "../../api/object.ts";
import { type LabelSelector, matchesLabels } from "../../lib/label-selector.ts";

/** What a controller says about the objects that its selector may match. */
export interface Claims<T> {
  /** Controlled by the owner, counting those that it is about to adopt. */
  readonly owned: readonly T[];
  /** Orphans that match: the owner becomes their controller. */
  readonly adopt: readonly T[];
  /** Controlled by the owner, but no longer matching: the reference is to be removed. */
  readonly release: readonly T[];
}

/**
 * Sorts `candidates` (of the owner's namespace) by whom they belong to. An owner that is being deleted neither adopts nor
 * releases; an object that is being deleted is not adopted; another controller's object is left alone.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions
 */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  candidates: readonly T[],
): Claims<T> {
  const ownerIsDeleting = owner.metadata.deletionTimestamp !== undefined;
  const owned: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const matches = matchesLabels(selector, candidate.metadata.labels);
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches) owned.push(candidate);
      else if (!ownerIsDeleting) release.push(candidate);
    } else if (matches && !ownerIsDeleting && candidate.metadata.deletionTimestamp === undefined) {
      adopt.push(candidate);
      owned.push(candidate);
    }
  }
  return { owned, adopt, release };
}
