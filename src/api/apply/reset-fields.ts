import type { ResourceInfo } from "../table/type-table.ts";
import { FieldSet, type FieldSetChild } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/** Takes out of a set the fields that a write through an endpoint cannot change, and so does not own. */
export type FieldFilter = (fields: FieldSet) => FieldSet;

const everything: FieldFilter = (fields) => fields;

function without(...paths: readonly string[]): FieldFilter {
  const reset = FieldSet.of(...paths.map((path) => path.split(".").map(fieldElement)));
  return (fields) => fields.differenceWithBelow(reset);
}

/** Keeps what is on the way to or below one of the paths; `*` is any step. */
function only(...paths: readonly string[]): FieldFilter {
  const patterns = paths.map((path) => path.split("."));
  return (fields) => keep(fields, patterns);
}

function keep(fields: FieldSet, patterns: readonly (readonly string[])[]): FieldSet {
  const members = new Map<string, PathElement>();
  const children = new Map<string, FieldSetChild>();
  for (const [id, element] of fields.members) if (below(patterns, element).length > 0) members.set(id, element);
  for (const [id, { element, set }] of fields.children) {
    const rest = below(patterns, element);
    if (rest.length === 0) continue;
    const kept = rest.some((pattern) => pattern.length === 0) ? set : keep(set, rest);
    if (!kept.isEmpty) children.set(id, { element, set: kept });
  }
  return new FieldSet(members, children);
}

function below(patterns: readonly (readonly string[])[], element: PathElement): (readonly string[])[] {
  return patterns
    .filter(([first]) => first === "*" || (element.kind === "field" && element.name === first))
    .map((pattern) => pattern.slice(1));
}

const withoutStatus = without("status");
const withoutSpec = without("spec");
const withoutMetadataAndSpec = without("metadata", "spec");

/** Kinds whose status endpoint leaves more alone than the spec. */
const STATUS_FILTERS: ReadonlyMap<string, FieldFilter> = new Map([
  ["Deployment.apps", without("spec", "metadata.labels")],
  ["Pod.", without("spec", "metadata.deletionTimestamp", "metadata.ownerReferences")],
  ["ServiceCIDR.networking.k8s.io", withoutMetadataAndSpec],
  ["VolumeAttachment.storage.k8s.io", withoutMetadataAndSpec],
]);

const SUBRESOURCE_FILTERS: ReadonlyMap<string, FieldFilter> = new Map([
  ["finalize", withoutStatus],
  ["ephemeralcontainers", only("spec.ephemeralContainers")],
  [
    "resize",
    only(
      "spec.containers.*.resources",
      "spec.containers.*.resizePolicy",
      "spec.initContainers.*.resources",
      "spec.initContainers.*.resizePolicy",
    ),
  ],
]);

/** What may be owned of a write to the resource (`subresource` "") or to one of its subresources. */
export function resetFilter(info: ResourceInfo, subresource: string): FieldFilter {
  if (subresource === "") return info.subresources.some(({ name }) => name === "status") ? withoutStatus : everything;
  if (subresource !== "status") return SUBRESOURCE_FILTERS.get(subresource) ?? everything;
  if (info.custom) return withoutMetadataAndSpec;
  return STATUS_FILTERS.get(`${info.kind}.${info.group}`) ?? withoutSpec;
}
