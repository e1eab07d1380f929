import type { KubeObject } from "../../api/object.ts";
import { isExpired, StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import type { Store } from "../../store/store.ts";
import { type ContinueToken, decodeContinue, encodeContinue } from "./continue-token.ts";
import type { ListQuery } from "./list-options.ts";
import { Selection } from "./selection.ts";
import type { StoredKind } from "./stored-kind.ts";

/** A page of a list. */
export interface Listing {
  readonly items: readonly KubeObject[];
  readonly revision: number;
  readonly continue?: string;
  /** How many follow behind this page; unknown with a selector. */
  readonly remaining?: number;
}

export type Page = Pick<
  ListQuery,
  "labelSelector" | "fieldSelector" | "resourceVersion" | "resourceVersionMatch" | "limit" | "continue"
>;

const TOO_OLD_TO_CONTINUE =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
  "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted " +
  "between the time the first chunk was returned and now may show up in the list.";

/**
 * Reads one page of a resource in one snapshot.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export function list(
  store: Store,
  info: ResourceInfo,
  kind: StoredKind,
  namespace: string | undefined,
  page: Page,
): Listing {
  const selection = new Selection(info, { ...page, ...(namespace !== undefined && { namespace }) });
  const token = page.continue === undefined ? undefined : decodeContinue(page.continue);
  if (token && page.resourceVersion !== undefined && page.resourceVersion !== "0")
    throw new StatusError("BadRequest", "specifying resource version is not allowed when using continue");
  const revision = token ? revisionOfToken(store, token) : revisionOfQuery(store, page);
  const stored = read(store, info, kind.resource, selection, revision, token);
  return cut(stored, revision ?? store.revision, kind, selection, token, page.limit ?? 0);
}

/** The revision at which to read, undefined for the newest. */
function revisionOfQuery(store: Store, page: Page): number | undefined {
  const { resourceVersion, resourceVersionMatch: match, limit = 0 } = page;
  if (resourceVersion === undefined) return undefined;
  const wanted = parseRevision(resourceVersion);
  if (wanted > store.revision) throw tooLarge(wanted, store.revision);
  if (wanted === 0 || match === "NotOlderThan" || (match === undefined && limit === 0)) return undefined;
  return wanted;
}

function revisionOfToken(store: Store, { revision }: ContinueToken): number | undefined {
  if (revision < 0) return undefined;
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  return revision;
}

function read(
  store: Store,
  info: ResourceInfo,
  resource: string,
  selection: Selection,
  revision: number | undefined,
  token: ContinueToken | undefined,
): readonly KubeObject[] {
  const key = selection.onlyKey(info.namespaced);
  if (key !== undefined && revision === undefined) {
    const object = store.get(resource, key);
    return object ? [object] : [];
  }
  try {
    return store.list(resource, selection.keyPrefix, revision);
  } catch (error) {
    if (!isExpired(error)) throw error;
    if (!token) throw new StatusError("Expired", "The resourceVersion for the provided list is too old.");
    const fresh = encodeContinue({ revision: -1, after: token.after });
    throw new StatusError("Expired", TOO_OLD_TO_CONTINUE, undefined, undefined, { continue: fresh });
  }
}

/** The selected documents behind the token, as many as `limit` allows (0: all). */
function cut(
  stored: readonly KubeObject[],
  revision: number,
  kind: StoredKind,
  selection: Selection,
  token: ContinueToken | undefined,
  limit: number,
): Listing {
  const start = token ? firstAfter(stored, token.after) : 0;
  if (limit <= 0 && start === 0 && selection.all && kind.same) return { items: stored, revision };
  const items: KubeObject[] = [];
  for (let i = start; i < stored.length; i++) {
    const object = kind.view(stored[i] as KubeObject);
    if (!selection.matches(object)) continue;
    if (limit > 0 && items.length === limit) {
      const after = storeKey(stored[i - 1] as KubeObject);
      const next = encodeContinue({ revision, after });
      return { items, revision, continue: next, ...(selection.all && { remaining: stored.length - i }) };
    }
    items.push(object);
  }
  return { items, revision };
}

function firstAfter(stored: readonly KubeObject[], after: string): number {
  let [low, high] = [0, stored.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (storeKey(stored[middle] as KubeObject) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

function storeKey({ metadata }: KubeObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

/** Throws BadRequest with Kubernetes' text when it is no decimal number. */
export function parseRevision(text: string): number {
  const why = decimalProblem(text);
  if (why === undefined) return Number(text);
  throw new StatusError("BadRequest", `invalid resource version: ${why}`);
}

/** What is wrong with a resourceVersion, in the words of Go's strconv. */
export function decimalProblem(text: string): string | undefined {
  if (/^\d+$/.test(text)) return undefined;
  const quoted = JSON.stringify(text);
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#unavailable-resource-versions */
/** Throws when a version has not been reached yet, or is none. */
export function checkReached(version: string, current: number): void {
  const problem = decimalProblem(version);
  if (problem !== undefined) throw new StatusError("", problem);
  if (Number(version) > current) throw tooLarge(Number(version), current);
}

function tooLarge(wanted: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return new StatusError("Timeout", message, { causes, retryAfterSeconds: 1 });
}
