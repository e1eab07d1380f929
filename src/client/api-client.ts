import type { Draft, KubeObject } from "../api/object.ts";
import type { Resource } from "../api/resource.ts";

/**
 * The one way in which parts talk to each other: the Kubernetes API. Adapters: in-process (the control process's own
 * controllers), HTTPS (mesh workers, the CLI, a real cluster). Both obey the contract suite in api-client.case.ts.
 *
 * Failures are StatusErrors; a server that cannot be reached is AppError `unreachable`. Objects handed out are shared and must not be changed.
 */
export interface ApiClient {
  get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  /** Replaces the object; fails with Conflict when it has changed since `object.metadata.resourceVersion`. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: SubresourceOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace: string | undefined,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<T>;
  delete(resource: Resource, name: string, namespace?: string, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource that is an action: `binding`, `eviction`, `token`. */
  createSubresource<T>(
    resource: Resource,
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: unknown,
  ): Promise<T>;
  /**
   * Events after `resourceVersion`, until the signal is aborted (the iteration then ends) or the server ends the stream
   * (the iteration ends too: list or watch again). A version that is no longer kept throws Expired (see isExpired).
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface WatchOptions extends ListOptions {
  /** Absent: first everything there is as ADDED, then a BOOKMARK, then what comes. */
  readonly resourceVersion?: string;
}

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  /** Everything up to `resourceVersion` has been delivered; `initialEventsEnd` marks the end of the first listing. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WriteOptions {
  /** Name under which the written fields are owned (metadata.managedFields); default: the client's own name. */
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** What is done about fields that the server does not know; default of the server: Warn. */
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore";
}

export interface SubresourceOptions extends WriteOptions {
  /** `finalize`: of a namespace, whose `spec.finalizers` only this changes. */
  readonly subresource?: "status" | "scale" | "finalize";
}

export type Patch =
  | { readonly type: "merge"; readonly body: unknown }
  | { readonly type: "strategic"; readonly body: unknown }
  | { readonly type: "json"; readonly body: readonly unknown[] }
  | { readonly type: "apply"; readonly body: unknown };

export interface PatchOptions extends SubresourceOptions {
  /** Take over fields that another manager owns; only with `type: "apply"`. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}
