import type { KubeObject, ObjectMeta } from "../../api/object.ts";
import type { Status } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import type { ObjectJson } from "../encoding/object-json.ts";
import { toYaml } from "../encoding/yaml.ts";
import type { Listing } from "../registry/listing.ts";
import type { Body } from "./exchange.ts";
import type { Representation, View } from "./negotiation.ts";
import type { Tables } from "./tables.ts";

const JSON_TYPE = "application/json";
const COMMA = Buffer.from(",");
const OPEN = Buffer.from("{");

/** Puts objects into the form that the client asked for. */
export class Presenter {
  readonly #json: ObjectJson;
  readonly #tables: Tables;

  constructor(json: ObjectJson, tables: Tables) {
    this.#json = json;
    this.#tables = tables;
  }

  object(info: ResourceInfo, object: KubeObject, how: Representation, query: URLSearchParams): Body {
    if (how.view) return value(this.#viewed(info, object, how.view, query), how);
    if (how.format === "yaml") return value(object, how);
    return { contentType: JSON_TYPE, bytes: this.#json.line(object) };
  }

  list(info: ResourceInfo, listing: Listing, how: Representation, query: URLSearchParams): Body {
    const { items } = listing;
    const metadata = listMetaOf(listing, info.custom && !how.view);
    if (how.view?.kind === "Table") {
      const table = this.#tables.of(info, items, how.view.version, query);
      return value({ ...table, metadata }, how);
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

  #viewed(info: ResourceInfo, object: KubeObject, view: View, query: URLSearchParams): object {
    if (view.kind === "PartialObjectMetadata") return metadataOnly(object, view.version);
    const table = this.#tables.of(info, [object], view.version, query);
    return { ...table, metadata: { resourceVersion: object.metadata.resourceVersion } };
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

export function statusBody(status: Status, how: Representation): Body {
  return value(status, how);
}

/** Custom kinds always show the token, as Kubernetes does. */
function listMetaOf(listing: Listing, showToken: boolean): object {
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
