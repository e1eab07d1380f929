import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import { wholeValueExpression } from "../../lib/expression.ts";
import type { Match, NamedMatch, PathMatch } from "./snapshot.ts";

type RouteRule = NonNullable<HTTPRoute["spec"]["rules"]>[number];
type RouteMatch = NonNullable<RouteRule["matches"]>[number];
type WrittenName = { readonly name: string; readonly type?: NamedMatch["type"]; readonly value: string };

/** A rule without matches takes every request (the default of the API: the prefix `/`). */
const EVERYTHING: Match = { path: { type: "PathPrefix", value: "/" }, headers: [], query: [] };

/** The matches of a rule, or why they cannot be served. */
export function readMatches(matches: readonly RouteMatch[] | undefined): readonly Match[] | string {
  if (!matches || matches.length === 0) return [EVERYTHING];
  const read = matches.map(readMatch);
  const bad = read.flatMap(expressions).find((expression) => !wholeValueExpression(expression));
  return bad === undefined ? read : `${JSON.stringify(bad)} is not a regular expression`;
}

function readMatch(match: RouteMatch): Match {
  const path: PathMatch = { type: match.path?.type ?? "PathPrefix", value: match.path?.value ?? "/" };
  return {
    path,
    ...(match.method && { method: match.method }),
    headers: firstOfEach(match.headers ?? [], (name) => name.toLowerCase()),
    query: firstOfEach(match.queryParams ?? [], (name) => name),
  };
}

/** Of entries with the same name only the first counts (HTTPHeaderMatch.name). */
function firstOfEach(written: readonly WrittenName[], fold: (name: string) => string): readonly NamedMatch[] {
  const byName = new Map<string, NamedMatch>();
  for (const { name, type = "Exact", value } of written) {
    const key = fold(name);
    if (!byName.has(key)) byName.set(key, { name: key, type, value });
  }
  return [...byName.values()];
}

function expressions({ path, headers, query }: Match): readonly string[] {
  return [...(path ? [path] : []), ...headers, ...query]
    .filter((part) => part.type === "RegularExpression")
    .map((part) => part.value);
}
