import type { KubeObject, ObjectMeta } from "../../api/object.ts";
import type { PrintedKind } from "../../api/print/printers.ts";
import { type IncludeObject, type TableMetadata, tableOf } from "../../api/print/table.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ObjectJson } from "../encoding/object-json.ts";
import { toYaml } from "../../api/encode/yaml.ts";
import type { Listing } from "../registry/listing.ts";
import type { Body } from "./exchange.ts";
import type { Representation, View } from "./negotiation.ts";

const JSON_TYPE = "application/json";
const COMMA = Buffer.from(",");
const OPEN = Buffer.from("{");

/** Puts objects into the form that the client asked for. */
export class Presenter {
  readonly #json: ObjectJson;
  readonly #clock: Clock;

  constructor(json: ObjectJson, clock: Clock) {
    this.#json = json;
    this.#clock = clock;
  }

  object(info: PrintedKind, object: KubeObject, how: Representation, query: URLSearchParams): Body {
    if (how.view) return value(this.#viewed(info, object, how.view, query), how);
    if (how.format === "yaml") return value(object, how);
    return { contentType: JSON_TYPE, bytes: this.#json.line(object) };
  }

  list(info: ResourceInfo, listing: Listing, how: Representation, query: URLSearchParams): Body {
    const { items } = listing;
    const metadata = listMetaOf(listing, info.custom && !how.view);
    if (how.view?.kind === "Table") {
      const options = { ...tableOptions(how.view, query), now: this.#clock.now(), metadata };
      return value(tableOf(info, items, options), how);
    }
    if (how.view) {
      const { version } = how.view;
      const apiVersion = `meta.k8s.io/${version}`;
      const partial = items.map((item) => metadataOnly(item, version));
      return value({ kind: "PartialObjectMetadataList", apiVersion, metadata, items: partial }, how);
    }
    const apiVersion = info.group === "" ? info.version : `${info.group}/${info.version}`;
    const head = { kind: info.listKind, apiVersion, metadata };
    if (how.format === "yaml") return value({ ...head, items }, how);
    return { contentType: JSON_TYPE, bytes: this.#listJson(info, head, items) };
  }

  /** A Status or an object that is no stored one. */
  plain(document: object, how: Representation): Body {
    return value(document, how);
  }

  #viewed(info: PrintedKind, object: KubeObject, view: View, query: URLSearchParams): object {
    if (view.kind === "PartialObjectMetadata") return metadataOnly(object, view.version);
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    return tableOf(info, [object], { ...tableOptions(view, query), now: this.#clock.now(), metadata });
  }

  /** The items of a list of a built-in kind do not say what they are: the list does. */
  #listJson(info: ResourceInfo, head: object, items: readonly KubeObject[]): Buffer {
    const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
    for (const [i, item] of items.entries()) {
      if (i > 0) parts.push(COMMA);
      if (info.custom) parts.push(this.#json.document(item));
      else parts.push(OPEN, this.#json.untypedTail(item));
    }
    parts.push(Buffer.from("]}\n"));
    return Buffer.concat(parts);
  }
}

/** How a Table is to look. Throws BadRequest with Kubernetes' text. */
export function tableOptions(
  { version }: View,
  query: URLSearchParams,
): { readonly version: View["version"]; readonly includeObject: IncludeObject } {
  const asked = query.get("includeObject") || "Metadata";
  if (asked === "Metadata" || asked === "Object" || asked === "None") return { version, includeObject: asked };
  const why = `Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw new StatusError("BadRequest", `Unable to convert to Table as requested: includeObject: ${why}`);
}

/** Custom kinds always show the token, as Kubernetes does. */
function listMetaOf(listing: Listing, showToken: boolean): TableMetadata {
  return {
    resourceVersion: String(listing.revision),
    ...((listing.continue !== undefined || showToken) && { continue: listing.continue ?? "" }),
    ...(listing.remaining !== undefined && { remainingItemCount: listing.remaining }),
  };
}

export function metadataOnly(object: KubeObject, version: View["version"]): object {
  const metadata: ObjectMeta = object.metadata;
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
}

function value(document: object, { format }: Representation): Body {
  return format === "yaml"
    ? { contentType: "application/yaml", bytes: Buffer.from(toYaml(document)) }
    : { contentType: JSON_TYPE, bytes: Buffer.from(`${JSON.stringify(document)}\n`) };
}
