import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Filter, HeaderFilter, PathChange } from "./snapshot.ts";

type RouteRule = NonNullable<HTTPRoute["spec"]["rules"]>[number];
export type RouteFilter = NonNullable<RouteRule["filters"]>[number];

/** Filters in the order in which they were written, or why they cannot be served. `release` are the names that mark a release. */
export interface FilterReading {
  readonly filters: readonly Filter[];
  readonly policy?: string;
  readonly session?: string;
  readonly problem?: string;
}

/** `prefixes`: every match of the rule is a path prefix, so that a prefix can be replaced. */
export function readFilters(filters: readonly RouteFilter[], prefixes: boolean): FilterReading {
  const read: Filter[] = [];
  let policy: string | undefined;
  let session: string | undefined;
  for (const filter of filters) {
    if (filter.type === "ExtensionRef") {
      const { group, kind, name = "" } = filter.extensionRef ?? {};
      if (group === "sluice.dev" && kind === "ReleasePolicy") policy = name;
      else if (group === "sluice.dev" && kind === "Release") session = name;
      else
        return { filters: [], problem: `filter ExtensionRef to ${kind ?? "nothing"}.${group ?? ""} is not supported` };
      continue;
    }
    const one = readFilter(filter, prefixes);
    if (typeof one === "string") return { filters: [], problem: one };
    read.push(one);
  }
  return { filters: read, ...(policy !== undefined && { policy }), ...(session !== undefined && { session }) };
}

function readFilter(filter: RouteFilter, prefixes: boolean): Filter | string {
  switch (filter.type) {
    case "RequestHeaderModifier":
      return headerFilter("requestHeaders", filter.requestHeaderModifier);
    case "ResponseHeaderModifier":
      return headerFilter("responseHeaders", filter.responseHeaderModifier);
    case "URLRewrite":
      return rewriteFilter(filter.urlRewrite, prefixes);
    case "RequestRedirect":
      return redirectFilter(filter.requestRedirect, prefixes);
    default:
      return `filter ${filter.type} is not supported`;
  }
}

/** A field value that a message can carry (RFC 9110 §5.5): above all no line end, which would begin a field of its own. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function headerFilter(type: HeaderFilter["type"], change: RouteFilter["requestHeaderModifier"]): HeaderFilter | string {
  const written = [...(change?.set ?? []), ...(change?.add ?? [])];
  const names = [...written.map(({ name }) => name), ...(change?.remove ?? [])];
  if (names.some((name) => name.toLowerCase() === "host")) return "Host is changed by the filter URLRewrite only";
  const bad = written.find(({ value }) => !VALUE.test(value));
  if (bad) return `the value of ${bad.name} holds a character that no field value may hold`;
  return {
    type,
    set: change?.set ?? [],
    add: change?.add ?? [],
    remove: (change?.remove ?? []).map((name) => name.toLowerCase()),
  };
}

function rewriteFilter(change: RouteFilter["urlRewrite"], prefixes: boolean): Filter | string {
  const path = pathChange(change?.path, prefixes);
  if (typeof path === "string") return path;
  return { type: "rewrite", ...(change?.hostname && { host: change.hostname }), ...(path && { path }) };
}

function redirectFilter(change: RouteFilter["requestRedirect"], prefixes: boolean): Filter | string {
  const path = pathChange(change?.path, prefixes);
  if (typeof path === "string") return path;
  return {
    type: "redirect",
    ...(change?.scheme && { scheme: change.scheme }),
    ...(change?.hostname && { host: change.hostname }),
    ...(change?.port !== undefined && { port: change.port }),
    ...(path && { path }),
    status: change?.statusCode ?? 302,
  };
}

type WrittenPath = NonNullable<RouteFilter["urlRewrite"]>["path"];

/** What a request line can carry as a path (RFC 9112 §3.2): above all no space and no line end, behind which anything could follow. */
const PATH = /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/;

function pathChange(path: WrittenPath, prefixes: boolean): PathChange | string | undefined {
  if (!path) return undefined;
  const full = path.type === "ReplaceFullPath";
  if (!full && !prefixes) return "ReplacePrefixMatch needs a match of type PathPrefix";
  const value = full ? (path.replaceFullPath ?? "/") : (path.replacePrefixMatch ?? "");
  if (!PATH.test(value) && (full || value !== "")) return `${JSON.stringify(value)} is not a path`;
  return { type: full ? "full" : "prefix", value };
}
