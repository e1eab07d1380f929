import { StatusError } from "../../api/status-error.ts";

/** What a path asks for. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export type RequestPath = ResourcePath | PlainPath;

export interface ResourcePath {
  readonly kind: "resource";
  readonly group: string;
  readonly version: string;
  /** Plural name. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  /** The old way to watch: `/api/v1/watch/…`. */
  readonly watch: boolean;
}

/** Discovery, health, OpenAPI, and everything that is unknown. */
export interface PlainPath {
  readonly kind: "plain";
  readonly path: string;
}

/** Subresources of a namespace; any other word behind a namespace's name is a resource inside it. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

/** Reads a path without its query. Throws BadRequest when a segment is not valid percent-encoding. */
export function parseRequestPath(path: string): RequestPath {
  const segments = path.split("/").filter((segment) => segment !== "");
  const prefix = segments[0] === "api" ? 2 : segments[0] === "apis" ? 3 : segments.length;
  const watch = segments[prefix] === "watch";
  // A slash that is escaped is one all the same, as in Go: no name has one.
  const rest = segments.slice(watch ? prefix + 1 : prefix).flatMap((segment) => decodeSegment(segment).split("/"));
  if (rest.length === 0) return { kind: "plain", path };
  const [group = "", version = ""] = prefix === 2 ? ["", segments[1]] : [segments[1], segments[2]];
  return { kind: "resource", group, version, watch, ...parseResource(rest) };
}

function parseResource([first = "", ...rest]: readonly string[]): Pick<
  ResourcePath,
  "resource" | "namespace" | "name" | "subresource"
> {
  if (first !== "namespaces") return { resource: first, ...place(rest) };
  const [namespace, resource, ...deeper] = rest;
  if (namespace === undefined) return { resource: first };
  if (resource === undefined || NAMESPACE_SUBRESOURCES.has(resource))
    return { resource: first, namespace, ...place(rest) };
  return { resource, namespace, ...place(deeper) };
}

function place([name, subresource]: readonly string[]): Pick<ResourcePath, "name" | "subresource"> {
  return { ...(name !== undefined && { name }), ...(subresource !== undefined && { subresource }) };
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new StatusError("BadRequest", `invalid URL escape in ${JSON.stringify(segment)}`);
  }
}
