import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import type { FieldSet } from "./field-set.ts";
import { formatFieldsV1, parseFieldsV1 } from "./fields-v1.ts";

/** Who owns which fields of an object: one entry of `metadata.managedFields`. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** The subresource through which the fields were written, "" for the object itself. */
  readonly subresource: string;
  /** When the owner last changed something; RFC 3339. */
  readonly time?: string | undefined;
  readonly fields: FieldSet;
}

/** By `ownerId`. */
export type Owners = ReadonlyMap<string, Owner>;

/** An entry as the object holds it. A type alias, so that it is also a JsonObject. */
export type ManagedFieldsEntry = {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly subresource?: string;
};

/** More owners than this whose operation is Update are merged: each costs space in every copy of the object. */
const MAX_UPDATERS = 10;
/** Who owns what the merged ones owned. */
const ANCIENT = "ancient-changes";

/**
 * What tells owners apart. An applier may change the API version that it uses, and stays the same. Also the order in which
 * conflicts are listed.
 */
export function ownerId(owner: Omit<Owner, "fields" | "time">): string {
  const { manager, operation, apiVersion, subresource } = owner;
  return JSON.stringify({
    ...(manager !== "" && { manager }),
    operation,
    ...(operation === "Update" && { apiVersion }),
    ...(subresource !== "" && { subresource }),
  });
}

/** Reads `metadata.managedFields`; undefined when an entry is malformed. */
export function parseOwners(entries: JsonValue | undefined): Owners | undefined {
  const owners = new Map<string, Owner>();
  if (!Array.isArray(entries)) return owners;
  for (const entry of entries as readonly JsonValue[]) {
    const owner = parseOwner(entry);
    if (!owner) return undefined;
    owners.set(ownerId(owner), owner);
  }
  return owners;
}

function parseOwner(entry: JsonValue): Owner | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { operation, fieldsType, time } = entry;
  const apiVersion = textOf(entry["apiVersion"]);
  if ((operation !== "Apply" && operation !== "Update") || apiVersion === "" || fieldsType !== "FieldsV1")
    return undefined;
  const fields = parseFieldsV1(entry["fieldsV1"]);
  if (!fields) return undefined;
  return {
    manager: textOf(entry["manager"]),
    operation,
    apiVersion,
    subresource: textOf(entry["subresource"]),
    time: typeof time === "string" ? time : undefined,
    fields,
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Writes `metadata.managedFields`: appliers first, then by time. */
export function formatOwners(owners: Owners): ManagedFieldsEntry[] {
  return [...owners.values()].sort(compareOwners).map((owner) => ({
    ...(owner.manager !== "" && { manager: owner.manager }),
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    ...(owner.time !== undefined && { time: owner.time }),
    fieldsType: "FieldsV1",
    fieldsV1: formatFieldsV1(owner.fields),
    ...(owner.subresource !== "" && { subresource: owner.subresource }),
  }));
}

function compareOwners(a: Owner, b: Owner): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function secondsOf({ time }: Owner): number {
  return Math.floor((parseTimestamp(time) ?? 0) / 1000);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Merges the owners that have not updated the longest, each with those of its API version, until few enough are left. */
export function withoutAncient(owners: Owners): Owners {
  const updaters = [...owners].filter(([, owner]) => owner.operation === "Update");
  let excess = updaters.length - MAX_UPDATERS;
  if (excess <= 0) return owners;
  updaters.sort(([idA, a], [idB, b]) => secondsOf(a) - secondsOf(b) || compareText(idA, idB));

  const kept = new Map(owners);
  const oldest = new Map<string, string>();
  for (const [id, owner] of updaters) {
    if (excess <= 0) break;
    const first = oldest.get(owner.apiVersion);
    if (first === undefined) {
      oldest.set(owner.apiVersion, id);
      continue;
    }
    const merged: Owner = { ...owner, manager: ANCIENT, subresource: "" };
    const bucket = ownerId(merged);
    const before = kept.get(bucket) ?? kept.get(first);
    if (!kept.has(bucket)) kept.delete(first);
    kept.delete(id);
    kept.set(bucket, { ...merged, fields: before ? owner.fields.union(before.fields) : owner.fields });
    excess--;
  }
  return kept;
}
