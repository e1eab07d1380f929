import { isJsonObject, type JsonObject, type JsonValue, jsonEqual } from "../../lib/json.ts";
import { decodeValue } from "../decode/decode-object.ts";
import { apiVersionOf } from "../resource.ts";
import type { KindInfo, ResourceInfo } from "../table/type-table.ts";
import { compareFields } from "./comparison.ts";
import { FieldSet, type Path } from "./field-set.ts";
import type { Untyped } from "./field-type.ts";
import {
  formatOwners,
  type ManagedFieldsEntry,
  type Owner,
  ownerId,
  type Owners,
  parseOwners,
  withoutAncient,
} from "./owners.ts";
import { filterComparison, managedFieldsOf, takeFrom, UNTRACKED, withoutManagedFields } from "./ownership.ts";
import { fieldElement } from "./path-element.ts";
import { resetFilter } from "./reset-fields.ts";

const REPLICAS: Path = ["spec", "replicas"].map(fieldElement);

/** A create, update or patch that is not an apply. */
export interface Write {
  /** The stored object; absent for a create. */
  readonly before?: JsonObject;
  /**
   * The object as the request makes it, decoded and defaulted, before admission changes it, and with the managedFields that
   * the request gave it (a patch gives those of `before`): clients may edit or reset them.
   */
  readonly after: JsonObject;
  /** `fieldManager` of the request, else the first part of its User-Agent. */
  readonly manager: string;
  readonly operation: "Update";
  readonly subresource?: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/**
 * `metadata.managedFields` after a write: the fields that it changed belong to its manager now. Empty when the object's
 * fields are not tracked (a client has reset them).
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function trackFields(info: ResourceInfo, write: Write): ManagedFieldsEntry[] {
  const owners = ownersAtWrite(write);
  const exists = write.before !== undefined && isStored(write.before);
  if (owners.size === 0 && exists) return [];
  return formatOwners(trackUpdate(info, owners, write));
}

/** The owners after the write. */
export function trackUpdate(info: ResourceInfo, owners: Owners, write: Write): Owners {
  const { subresource = "" } = write;
  const before = withoutManagedFields(write.before ?? emptyObject(info));
  const after = withoutManagedFields(write.after);
  const difference = compareFields(before, after, info.schema, untypedOf(info));
  if (difference.malformed) return new Map();
  const comparison = filterComparison(difference, resetFilter(info, subresource));
  const left = takeFrom(owners, comparison);
  const changed = comparison.modified.union(comparison.added).difference(UNTRACKED);
  if (changed.isEmpty) return withoutAncient(subresource === "scale" ? withReplicasApart(left) : left);

  const owner: Owner = {
    manager: write.manager === "" ? "unknown" : write.manager,
    operation: "Update",
    apiVersion: apiVersionOf(info),
    subresource,
    // Kubernetes keeps no time for what was written through scale.
    time: subresource === "scale" ? undefined : write.time,
    fields: changed,
  };
  const id = ownerId(owner);
  const previous = left.get(id);
  left.set(id, previous ? { ...owner, fields: changed.union(previous.fields) } : owner);
  return withoutAncient(left);
}

/**
 * The owners as they come back from a scale that changes nothing: Kubernetes makes owners of the Scale of those of the replicas, does
 * not know updaters again by the version of the Scale, and so gives each an entry of its own for the replicas, without a time.
 */
function withReplicasApart(owners: Owners): Owners {
  const apart = new Map<string, Owner>();
  for (const [id, owner] of owners) {
    if (owner.operation === "Apply" || !owner.fields.has(REPLICAS)) {
      apart.set(id, owner);
      continue;
    }
    const fields = owner.fields.difference(FieldSet.of(REPLICAS));
    if (!fields.isEmpty) apart.set(id, { ...owner, fields });
    apart.set(`${id} of Scale`, { ...owner, time: undefined, fields: FieldSet.of(REPLICAS) });
  }
  return apart;
}

/** Those of the request, when it gives good ones to the object itself; else the stored ones. */
function ownersAtWrite({ before, after, subresource }: Write): Owners {
  const given = managedFieldsOf(after);
  if (!subresource && isReset(given)) return new Map();
  const owners = subresource ? undefined : parseOwners(given);
  if (owners && owners.size > 0) return owners;
  return parseOwners(managedFieldsOf(before)) ?? new Map();
}

/** `[]`, or one empty entry, gives up all ownership. */
function isReset(entries: JsonValue | undefined): boolean {
  if (!Array.isArray(entries)) return false;
  const [first] = entries as readonly JsonValue[];
  return entries.length === 0 || (entries.length === 1 && isJsonObject(first) && Object.keys(first).length === 0);
}

function isStored(object: JsonObject): boolean {
  const { metadata } = object;
  return isJsonObject(metadata) && typeof metadata["uid"] === "string" && metadata["uid"] !== "";
}

/** What a create is compared with: nothing, but for the fields that an object of the kind never is without. */
export function emptyObject(info: KindInfo): JsonObject {
  return info.custom ? {} : decodeValue(info, {}).object;
}

export function untypedOf(info: KindInfo): Untyped {
  return info.custom ? "map" : "leaf";
}

/**
 * Takes the times back when nothing but times differs between the stored object and the one to be stored, so that a write
 * that changes nothing is none. Compares whole objects: call it last, after admission.
 */
export function withoutTimeChanges(before: JsonObject, after: JsonObject): JsonObject {
  const [old, fresh] = [managedFieldsOf(before), managedFieldsOf(after)];
  if (!Array.isArray(old) || !Array.isArray(fresh) || old.length !== fresh.length || old.length === 0) return after;
  if (jsonEqual(old, fresh)) return after;
  const untimed = (entries: readonly JsonValue[]): JsonValue[] =>
    entries.map((entry) => {
      if (!isJsonObject(entry)) return entry;
      const { time: _, ...rest } = entry;
      return rest;
    });
  if (!jsonEqual(untimed(old), untimed(fresh))) return after;
  if (!jsonEqual(withoutManagedFields(before), withoutManagedFields(after))) return after;
  const { metadata } = after;
  return isJsonObject(metadata) ? { ...after, metadata: { ...metadata, managedFields: old } } : after;
}
