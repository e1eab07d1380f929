import { formatGo, goJsonType } from "../../lib/go-format.ts";
import { isJsonObject, type JsonObject, type JsonValue, jsonEqual } from "../../lib/json.ts";
import { apiVersionOf } from "../resource.ts";
import { StatusError } from "../status-error.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { problemOfConfig, problemOfLive } from "./check-config.ts";
import { compareFields, fieldsOf } from "./comparison.ts";
import { type Conflict, conflictError } from "./conflicts.ts";
import { FieldSet, type Path } from "./field-set.ts";
import { KUBECTL, lastAppliedFields, withLastApplied } from "./last-applied.ts";
import { mergeConfig } from "./merge-config.ts";
import { formatOwners, type ManagedFieldsEntry, type Owner, ownerId, type Owners, parseOwners } from "./owners.ts";
import { filterComparison, managedFieldsOf, takeFrom, UNTRACKED, withoutManagedFields } from "./ownership.ts";
import { removeFields, withDeclaredParents } from "./remove-fields.ts";
import { resetFilter } from "./reset-fields.ts";
import { trackUpdate, untypedOf } from "./track-fields.ts";

/** A server-side apply. */
export interface Application {
  /** The stored object; absent when there is none, and apply creates it. */
  readonly live?: JsonObject;
  /** The body of the request: the fields that the manager wants, and nothing else. */
  readonly config: JsonObject;
  readonly manager: string;
  /** Take over what others own. */
  readonly force: boolean;
  readonly subresource?: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

export interface Applied {
  /** Still to be decoded and defaulted. Without managedFields. Of the same content as `live` when the apply changes nothing. */
  readonly object: JsonObject;
  readonly managedFields: readonly ManagedFieldsEntry[];
}

/** Who owned the fields of an object before anybody applied to it, when nobody was tracked. */
const BEFORE_FIRST_APPLY = "before-first-apply";

/** Reads the body of an apply request. Throws BadRequest when it is not an object. */
export function parseConfiguration(body: JsonValue): JsonObject {
  if (body === null) return {};
  if (isJsonObject(body)) return body;
  throw new StatusError(
    "BadRequest",
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonType(body)} into Go value of type map[string]interface {}`,
  );
}

/**
 * Server-side apply: lays the configuration over the live object, takes away what this manager applied last time and applies
 * no more (unless somebody else owns it), and keeps the books. Throws Conflict when the configuration would change what
 * others own and `force` is not set; BadRequest or a failure of the server, as Kubernetes does, when it cannot be merged.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export function applyConfiguration(info: ResourceInfo, application: Application): Applied {
  checkType(info, application.config);
  const { live } = application;
  const tracked = parseOwners(managedFieldsOf(live)) ?? new Map<string, Owner>();
  if (tracked.size === 0) checkLive(info, live, tracked);
  checkConfig(info, application.config);
  if (tracked.size > 0) checkLive(info, live, tracked);
  const owners = live && tracked.size === 0 ? ownersBefore(info, live, application) : tracked;
  const applied = applyAs(info, application, owners);
  const object = application.manager === KUBECTL ? withLastApplied(applied.object, application.config) : applied.object;
  return { object, managedFields: formatOwners(applied.owners) };
}

function checkType(info: ResourceInfo, { apiVersion = "", kind = "" }: JsonObject): void {
  if (apiVersion === apiVersionOf(info) && kind === info.kind) return;
  throw new StatusError("BadRequest", `invalid object type: ${describeType(formatGo(apiVersion), formatGo(kind))}`);
}

/** `apps/v1, Kind=Deployment`; the core group is written `/v1`. */
function describeType(apiVersion: string, kind: string): string {
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function checkConfig(info: ResourceInfo, config: JsonObject): void {
  if (Array.isArray(managedFieldsOf(config))) throw new StatusError("BadRequest", "metadata.managedFields must be nil");
  const problem = problemOfConfig(config, info.schema, untypedOf(info));
  if (problem !== undefined)
    throw new StatusError("", `failed to create typed patch object (${describeObject(info, config)}): ${problem}`);
}

/** A stored object can be such that no path leads to some of its items; then nothing can be applied to it. */
function checkLive(info: ResourceInfo, live: JsonObject | undefined, owners: Owners): void {
  if (!live) return;
  const problem = problemOfLive(live, info.schema, untypedOf(info));
  if (problem === undefined) return;
  const object = describeObject(info, live);
  throw new StatusError(
    "",
    owners.size > 0
      ? `failed to create typed live object (${object}): ${problem}`
      : `failed to create manager for existing fields: failed to convert new object (${object}) to smd typed: ${problem}`,
  );
}

function describeObject(info: ResourceInfo, { metadata }: JsonObject): string {
  const { name = "", namespace = "" } = isJsonObject(metadata) ? metadata : {};
  return `${formatGo(namespace)}/${formatGo(name)}; ${describeType(apiVersionOf(info), info.kind)}`;
}

/** What nobody is known to own belongs to those who came before. */
function ownersBefore(info: ResourceInfo, live: JsonObject, { subresource = "", time }: Application): Owners {
  const write = { after: live, manager: BEFORE_FIRST_APPLY, operation: "Update", subresource, time } as const;
  return trackUpdate(info, new Map(), write);
}

interface Merged {
  readonly object: JsonObject;
  readonly owners: Owners;
}

function applyAs(info: ResourceInfo, application: Application, owners: Owners): Merged {
  const result = merge(info, application, owners);
  if (application.force || result.conflicts.length === 0) return result;
  const { live, manager } = application;
  const own = manager === KUBECTL && live ? lastAppliedFields(info, live) : undefined;
  const others = own ? result.conflicts.filter(({ path }) => !own.has(path)) : result.conflicts;
  if (others.length > 0) throw conflictError(others);
  return result;
}

function merge(
  info: ResourceInfo,
  { live, config, manager, subresource = "", time }: Application,
  owners: Owners,
): Merged & { readonly conflicts: readonly Conflict[] } {
  const untyped = untypedOf(info);
  const filter = resetFilter(info, subresource);
  const key = { manager, operation: "Apply", apiVersion: apiVersionOf(info), subresource } as const;
  const id = ownerId(key);
  const last = owners.get(id);
  const fields = filter(fieldsOf(config, info.schema, untyped));
  const owned = fields.difference(UNTRACKED);
  const owner: Owner = { ...key, time, fields: owned };
  if (!live) {
    const own: Owners = owned.isEmpty ? new Map() : new Map([[id, owner]]);
    return { object: config, owners: own, conflicts: [] };
  }

  const before = withoutManagedFields(live);
  const merged = mergeConfig(before, config, info.schema, untyped);
  const withNew = new Map(owners).set(id, { ...owner, fields });
  const after = last ? prune(info, merged, last.fields, withNew) : merged;
  const comparison = filterComparison(compareFields(before, after, info.schema, untyped), filter);
  const conflicts = conflictsOf(owners, comparison.modified.union(comparison.added), id);
  const left = takeFrom(owners, comparison, id);
  const unchanged = jsonEqual(before, after);
  left.delete(id);
  if (!owned.isEmpty) left.set(id, unchanged ? { ...owner, time: last?.time } : owner);
  return { object: unchanged || !isJsonObject(after) ? before : after, owners: left, conflicts };
}

function conflictsOf(owners: Owners, changed: FieldSet, except: string): Conflict[] {
  const ids = [...owners.keys()].filter((id) => id !== except).sort();
  return ids.flatMap((id) => {
    const owner = owners.get(id);
    if (!owner) return [];
    const paths: Path[] = [...owner.fields.intersection(changed).paths()];
    return paths.map((path) => ({ owner, path }));
  });
}

/**
 * Takes away what the manager applied last time, but neither what it or anybody else owns now, nor what came along with such
 * a field (an item whose key is gone from `last` but which holds a field of another).
 */
function prune(info: ResourceInfo, merged: JsonValue, last: FieldSet, owners: Owners): JsonValue {
  let owned = new FieldSet();
  for (const { fields } of owners.values()) owned = owned.union(fields);
  if (last.difference(owned).isEmpty) return merged;
  const { schema } = info;
  const untyped = untypedOf(info);
  const remove = (fields: FieldSet): JsonValue => removeFields(merged, fields, schema, untyped);
  const declared = (fields: FieldSet): FieldSet => withDeclaredParents(fields, schema);
  const fieldsIn = (value: JsonValue): FieldSet => declared(fieldsOf(value, schema, untyped));

  const lastFields = declared(last);
  const mergedFields = fieldsIn(merged);
  const stripped = remove(lastFields);
  const withOwned = remove(mergedFields.difference(fieldsIn(stripped).union(declared(owned))));
  return remove(mergedFields.difference(fieldsIn(withOwned)).intersection(lastFields));
}
