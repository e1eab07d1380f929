import { StatusError } from "../../api/status-error.ts";
import { type AcceptClause, parseAccept } from "./accept.ts";

/** How an answer is to look. */
export interface Representation {
  readonly format: "json" | "yaml";
  /** A view of the objects instead of the objects themselves. */
  readonly view?: View;
}

export interface View {
  readonly kind: "Table" | "PartialObjectMetadata";
  /** Of group meta.k8s.io. */
  readonly version: "v1" | "v1beta1";
}

export const JSON_OBJECT: Representation = { format: "json" };

/** What the routes declare. Protobuf is read but not written: a client that takes nothing else gets the 406 below. */
const PRODUCED: ReadonlySet<string> = new Set([
  "*/*",
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
]);
const MEDIA_TYPES = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
/** What lists, which can be watched, declare besides. */
const STREAM_TYPES = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/**
 * Chooses the representation that the Accept header likes best; `views`: whether Table and PartialObjectMetadata are to
 * be had here, `list`: whether all of a kind is asked for. Throws NotAcceptable when there is none.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
 */
export function negotiate(accept: string | undefined, views: boolean, list = false): Representation {
  if (accept === undefined || accept === "*/*" || accept === "application/json") return JSON_OBJECT;
  const clauses = parseAccept(accept);
  if (!clauses.some((clause) => PRODUCED.has(`${clause.type}/${clause.subtype}`))) {
    const available = list ? `${MEDIA_TYPES}, ${STREAM_TYPES}` : MEDIA_TYPES;
    throw new StatusError("NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${available}`, {});
  }
  for (const clause of clauses) {
    const representation = representationOf(clause, views);
    if (representation) return representation;
  }
  throw new StatusError("NotAcceptable", `only the following media types are accepted: ${MEDIA_TYPES}`);
}

function representationOf(clause: AcceptClause, views: boolean): Representation | undefined {
  const format = formatOf(clause);
  if (!format) return undefined;
  const kind = clause.parameters.get("as");
  if (kind === undefined) return { format };
  const version = clause.parameters.get("v");
  if (!views || clause.parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1"))
    return undefined;
  if (kind === "Table") return { format, view: { kind, version } };
  if (kind === "PartialObjectMetadata" || kind === "PartialObjectMetadataList")
    return { format, view: { kind: "PartialObjectMetadata", version } };
  return undefined;
}

function formatOf({ type, subtype }: AcceptClause): Representation["format"] | undefined {
  if (type !== "application" && type !== "*") return undefined;
  if (subtype === "json" || subtype === "*") return "json";
  return subtype === "yaml" ? "yaml" : undefined;
}
