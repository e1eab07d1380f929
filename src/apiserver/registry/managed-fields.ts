import { applyConfiguration } from "../../api/apply/apply-configuration.ts";
import type { ManagedFieldsEntry } from "../../api/apply/owners.ts";
import { trackFields } from "../../api/apply/track-fields.ts";
import { decodeValue } from "../../api/decode/decode-object.ts";
import { DecodingError } from "../../api/decode/decoding-error.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, jsonEqual } from "../../lib/json.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { asJson, asObject } from "./json-view.ts";

/** Who wrote what of an object. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */

/** One write of fields. `now`: milliseconds. */
export interface FieldWrite {
  readonly info: ResourceInfo;
  readonly manager: string;
  readonly subresource?: string;
  readonly now: number;
}

/** The object with the fields that the write changed in its manager's name. `live`: as it was, absent when it is new. */
export function withTrackedFields(write: FieldWrite, live: KubeObject | undefined, object: KubeObject): KubeObject {
  const { info, manager, subresource, now } = write;
  const entries = trackFields(info, {
    ...(live && { before: asJson(live) }),
    after: asJson(object),
    manager,
    operation: "Update",
    ...(subresource !== undefined && { subresource }),
    time: formatTimestamp(now),
  });
  return withManagedFields(object, entries);
}

/** What becomes of an object when a configuration is applied to it. Throws Conflict when others own what it sets. */
export function appliedTo(
  write: FieldWrite,
  live: KubeObject | undefined,
  config: JsonObject,
  force: boolean,
): KubeObject {
  const { info, manager, subresource, now } = write;
  const { object, managedFields } = applyConfiguration(info, {
    ...(live && { live: asJson(live) }),
    config,
    manager,
    force,
    ...(subresource !== undefined && { subresource }),
    time: formatTimestamp(now),
  });
  try {
    return withManagedFields(asObject(decodeValue(info, object).object), managedFields);
  } catch (error) {
    throw error instanceof DecodingError ? new StatusError("BadRequest", error.message) : error;
  }
}

function withManagedFields(object: KubeObject, entries: readonly ManagedFieldsEntry[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata };
}

/** Whether two states of an object differ in nothing but the times at which fields were written: then nothing was. */
export function sameButForTimes(a: KubeObject, b: KubeObject): boolean {
  const [before, after] = [asJson(a), asJson(b)];
  return (
    sameOwners(managedFieldsOf(before), managedFieldsOf(after)) &&
    jsonEqual(withoutTracking(before), withoutTracking(after))
  );
}

function managedFieldsOf({ metadata }: JsonObject): readonly JsonValue[] {
  const entries = isJsonObject(metadata) ? metadata["managedFields"] : undefined;
  return entries !== undefined && isJsonArray(entries) ? entries : [];
}

function sameOwners(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  return a.length === b.length && a.every((entry, i) => jsonEqual(withoutTime(entry), withoutTime(b[i] ?? null)));
}

function withoutTime(entry: JsonValue): JsonValue {
  if (!isJsonObject(entry)) return entry;
  const { time: _, ...rest } = entry;
  return rest;
}

/** Without what the server says of each version. */
function withoutTracking(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isJsonObject(metadata)) return object;
  const { managedFields: _, resourceVersion: _v, ...rest } = metadata;
  return { ...object, metadata: rest };
}
