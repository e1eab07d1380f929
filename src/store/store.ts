import type { KubeObject } from "../api/object.ts";

/**
 * A log of revisions: one global, strictly increasing revision over all resources, JSON documents, served from memory,
 * acknowledged only when durable. Contract suite: store.case.ts, run by every implementation.
 *
 * `resource` is `group/plural` (`apps/deployments`, `/pods`); `key` is `ns/name` or `name`.
 */
export interface Store extends AsyncDisposable {
  /** The newest durable revision. */
  readonly revision: number;
  /** The oldest revision that can still be read or watched from; older ones throw Expired. */
  readonly oldestRevision: number;

  /** The newest durable document. Shared: never change it. */
  get(resource: string, key: string): KubeObject | undefined;
  /** All durable documents whose key starts with `prefix`, ordered by key. `at`: as they were at that revision. */
  list(resource: string, prefix?: string, at?: number): readonly KubeObject[];

  /**
   * Changes one document. `decide` runs synchronously, at once, on the newest state (writes of this turn that are not yet durable
   * included), so a read-modify-write needs no retry. It may throw: then nothing is written and the promise rejects.
   * Writes of one event-loop turn are committed together; the promise resolves when they are on disk, and only then do
   * `get`, `list` and watchers see them. When the disk refuses, every write of that turn is rejected and undone.
   */
  write(resource: string, key: string, decide: Decide): Promise<Written>;

  /**
   * Calls `listener` for every event of `resource` after revision `from`, in order, first those that are past, then
   * live; never within this call. `from` older than oldestRevision throws StatusError Expired.
   */
  watch(resource: string, from: number, listener: (event: StoreEvent) => void): StoreWatch;
}

export interface StoreWatch extends Disposable {
  /** Every event up to this revision has been delivered. It is the store's own once the past is told, and no event is just being told. */
  readonly revision: number;
}

/** `revision` is the one that this write will get if it changes anything (for metadata.resourceVersion). */
export type Decide = (current: KubeObject | undefined, revision: number) => Decision;

export type Decision =
  | { readonly kind: "put"; readonly object: KubeObject }
  /** `last`: the final state, as watchers are to see it. */
  | { readonly kind: "remove"; readonly last: KubeObject }
  /** Makes no revision and no event; `object` is what the caller gets as the result. */
  | { readonly kind: "keep"; readonly object: KubeObject };

export interface Written {
  readonly object: KubeObject;
  readonly changed: boolean;
}

export interface StoreEvent {
  readonly revision: number;
  readonly key: string;
  /** Absent when the document was removed. */
  readonly object?: KubeObject;
  /** The document before this event; absent when it was created. On removal together with `last`. */
  readonly previous?: KubeObject;
  /** The final state of a removed document. */
  readonly last?: KubeObject;
}
