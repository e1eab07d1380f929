import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import type { Store, StoreEvent } from "../../store/store.ts";
import { decimalProblem } from "./listing.ts";
import type { ListQuery } from "./list-options.ts";
import { Selection } from "./selection.ts";
import type { StoredKind } from "./stored-kind.ts";

/** What a watcher is told. */
export type Change = ObjectChange | Bookmark;

export interface ObjectChange {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** Everything up to `revision` has been told. */
export interface Bookmark {
  readonly type: "BOOKMARK";
  readonly revision: number;
  /** The end of the list with which the watch began. */
  readonly initialEventsEnd: boolean;
}

export type WatchQuery = Pick<
  ListQuery,
  "labelSelector" | "fieldSelector" | "resourceVersion" | "sendInitialEvents" | "allowWatchBookmarks"
>;

export interface Watching extends Disposable {
  /** The objects there were at the beginning, when the watch begins with a list. */
  readonly initial: readonly KubeObject[];
  /** A bookmark is to follow the list. */
  readonly initialBookmark: Bookmark | undefined;
  /** A bookmark of the present. */
  bookmark(): Bookmark;
}

/**
 * Watches a resource: first what there is, when the query asks for no version, then each change, in order, as it becomes
 * durable; an object that enters the selection is ADDED, one that leaves it DELETED as it was before.
 * Throws Expired for a version that is no longer kept.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function watch(
  store: Store,
  info: ResourceInfo,
  kind: StoredKind,
  namespace: string | undefined,
  query: WatchQuery,
  tell: (change: ObjectChange) => void,
): Watching {
  const selection = new Selection(info, { ...query, ...(namespace !== undefined && { namespace }) });
  const wanted = parseWatchRevision(query.resourceVersion);
  const initialEvents = query.sendInitialEvents ?? wanted === 0;
  if (query.sendInitialEvents && wanted > store.revision) throw tooLarge(wanted, store.revision);
  const from = initialEvents || wanted === 0 ? store.revision : wanted;
  const initial = initialEvents ? select(store, info, kind, selection) : [];
  const prefix = selection.keyPrefix;
  const watching = store.watch(kind.resource, from, (event) => {
    if (!event.key.startsWith(prefix)) return;
    const change = changeOf(event, kind, selection);
    if (change) tell(change);
  });
  return {
    initial,
    initialBookmark:
      query.sendInitialEvents && query.allowWatchBookmarks
        ? { type: "BOOKMARK", revision: from, initialEventsEnd: true }
        : undefined,
    bookmark: () => ({ type: "BOOKMARK", revision: Math.max(watching.revision, from), initialEventsEnd: false }),
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  };
}

function parseWatchRevision(text: string | undefined): number {
  if (text === undefined) return 0;
  const problem = decimalProblem(text);
  if (problem !== undefined) throw new StatusError("", problem);
  return Number(text);
}

function tooLarge(wanted: number, current: number): StatusError {
  return new StatusError("Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`);
}

function select(store: Store, info: ResourceInfo, kind: StoredKind, selection: Selection): readonly KubeObject[] {
  const key = selection.onlyKey(info.namespaced);
  const one = key === undefined ? undefined : store.get(kind.resource, key);
  const stored = key === undefined ? store.list(kind.resource, selection.keyPrefix) : one ? [one] : [];
  const views = kind.same ? stored : stored.map((object) => kind.view(object));
  return selection.all ? views : views.filter((object) => selection.matches(object));
}

function changeOf(event: StoreEvent, kind: StoredKind, selection: Selection): ObjectChange | undefined {
  const { object, previous, last } = event;
  const before = previous && kind.view(previous);
  const was = before !== undefined && selection.matches(before);
  if (object) {
    const now = kind.view(object);
    if (selection.matches(now)) return { type: was ? "MODIFIED" : "ADDED", object: now };
    return was ? { type: "DELETED", object: withRevision(before, event.revision) } : undefined;
  }
  return was && last ? { type: "DELETED", object: kind.view(last) } : undefined;
}

/** The deletion that a watcher sees has the version at which it happened, so that he can go on from there. */
function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
