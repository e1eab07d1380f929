import type { Filter, PathChange, RedirectFilter, RewriteFilter } from "../../plan/routing/snapshot.ts";

/** The target after a path filter. `prefix` is the path prefix that matched; the query stays. */
export function changePath(target: string, change: PathChange, prefix: string): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark);
  if (change.type === "full") return change.value + query;
  // `/foo/bar` with `/foo` → `/xyz/` gives `/xyz/bar`; `/foo` with `/foo` → `` gives `/` (HTTPPathModifier).
  const rest = path.slice(prefix.replace(/\/+$/, "").length);
  return `${change.value.replace(/\/+$/, "") + rest || "/"}${query}`;
}

/** The last rewrite of each kind counts. */
export function rewriteOf(filters: readonly Filter[]): Pick<RewriteFilter, "host" | "path"> | undefined {
  const rewrites = filters.filter((filter) => filter.type === "rewrite");
  const host = rewrites.findLast((filter) => filter.host !== undefined)?.host;
  const path = rewrites.findLast((filter) => filter.path !== undefined)?.path;
  if (host === undefined && path === undefined) return undefined;
  return { ...(host !== undefined && { host }), ...(path && { path }) };
}

export function redirectOf(filters: readonly Filter[]): RedirectFilter | undefined {
  return filters.find((filter) => filter.type === "redirect");
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * The Location of a redirect (HTTPRequestRedirectFilter): what the filter leaves open comes from the request; the port from
 * the scheme if the filter names one, else from the Host. Default ports are not written.
 */
export function locationOf(redirect: RedirectFilter, host: string, target: string, prefix: string): string {
  const scheme = redirect.scheme ?? "http";
  const [, name = "", written] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
  const asked = written === undefined ? undefined : Number(written);
  const port = redirect.port ?? (redirect.scheme === undefined ? asked : undefined);
  const suffix = port === undefined || port === DEFAULT_PORTS[scheme] ? "" : `:${port}`;
  const path = redirect.path ? changePath(target, redirect.path, prefix) : target;
  return `${scheme}://${redirect.host ?? name}${suffix}${path}`;
}
