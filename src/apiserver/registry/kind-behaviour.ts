import type { ResourceInfo } from "../../api/table/type-table.ts";

/** In what the kinds differ that are otherwise served by the same code. Facts of kube-apiserver 1.36, found by asking it. */

type Kind = Pick<ResourceInfo, "group" | "plural" | "custom">;

const RETURNED_WHEN_DELETED: ReadonlySet<string> = new Set([
  "/services",
  "/pods",
  "/namespaces",
  "/resourcequotas",
  "/serviceaccounts",
  "/persistentvolumeclaims",
  "/persistentvolumes",
  "/podtemplates",
  "storage.k8s.io/storageclasses",
  "storage.k8s.io/csidrivers",
  "storage.k8s.io/csinodes",
  "storage.k8s.io/volumeattachments",
  "storage.k8s.io/volumeattributesclasses",
]);

const DEPENDENTS_ORPHANED: ReadonlySet<string> = new Set(["/replicationcontrollers", "batch/jobs"]);

const nameOf = ({ group, plural }: Kind): string => `${group}/${plural}`;

/** DELETE answers with the object, not with a Status. */
export const isReturnedWhenDeleted = (kind: Kind): boolean => RETURNED_WHEN_DELETED.has(nameOf(kind));

/** Dependents stay when a deletion says nothing about them. */
export const orphansDependents = (kind: Kind): boolean => DEPENDENTS_ORPHANED.has(nameOf(kind));

/** Deletion waits for what the object asked for (`terminationGracePeriodSeconds`). */
export const isDeletedGracefully = (kind: Kind): boolean => nameOf(kind) === "/pods";
