import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import type { Comparison } from "./comparison.ts";
import { FieldSet } from "./field-set.ts";
import type { Owner, Owners } from "./owners.ts";
import { fieldElement } from "./path-element.ts";
import type { FieldFilter } from "./reset-fields.ts";

/** Fields that nobody owns: they name the object, or are the server's. */
export const UNTRACKED: FieldSet = FieldSet.of(
  ...[
    ["apiVersion"],
    ["kind"],
    ["metadata"],
    ["metadata", "name"],
    ["metadata", "namespace"],
    ["metadata", "creationTimestamp"],
    ["metadata", "selfLink"],
    ["metadata", "uid"],
    ["metadata", "clusterName"],
    ["metadata", "generation"],
    ["metadata", "managedFields"],
    ["metadata", "resourceVersion"],
  ].map((path) => path.map(fieldElement)),
);

export function filterComparison({ added, modified, removed }: Comparison, filter: FieldFilter): Comparison {
  return { added: filter(added), modified: filter(modified), removed: filter(removed) };
}

/** What a write takes from everybody else: changed fields have a new owner, removed fields have none. */
export function takeFrom(
  owners: Owners,
  { added, modified, removed }: Comparison,
  except?: string,
): Map<string, Owner> {
  const taken = modified.union(added).union(removed);
  const left = new Map<string, Owner>();
  for (const [id, owner] of owners) {
    const fields = id === except ? owner.fields : owner.fields.difference(taken);
    if (!fields.isEmpty) left.set(id, fields === owner.fields ? owner : { ...owner, fields });
  }
  return left;
}

/** The object without its managed fields, which no comparison is about. */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isJsonObject(metadata) || metadata["managedFields"] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

export function managedFieldsOf(object: JsonObject | undefined): JsonValue | undefined {
  const metadata = object?.["metadata"];
  return isJsonObject(metadata) ? metadata["managedFields"] : undefined;
}
