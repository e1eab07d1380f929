import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Match, PathMatch } from "./snapshot.ts";

/** Where a match stands: its route, and its rule and place in it. */
export interface MatchOrigin {
  readonly match: Match;
  readonly route: HTTPRoute;
  readonly rule: number;
  readonly index: number;
}

const PATH_RANK: Readonly<Record<PathMatch["type"], number>> = { Exact: 2, RegularExpression: 1, PathPrefix: 0 };

/**
 * Orders matches as the Gateway API demands (HTTPRouteRule.matches): exact path, longest prefix, a method, most headers,
 * most query parameters; then the oldest route, the first by `ns/name`, the first rule and match in it. Regular
 * expressions, which the API leaves open, stand between exact paths and prefixes.
 */
export function byPrecedence(a: MatchOrigin, b: MatchOrigin): number {
  return (
    pathRank(b.match) - pathRank(a.match) ||
    pathLength(b.match) - pathLength(a.match) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.query.length - a.match.query.length ||
    compare(a.route.metadata.creationTimestamp, b.route.metadata.creationTimestamp) ||
    compare(nameOf(a.route), nameOf(b.route)) ||
    a.rule - b.rule ||
    a.index - b.index
  );
}

const pathRank = (match: Match): number => (match.path ? PATH_RANK[match.path.type] : PATH_RANK.PathPrefix);
const pathLength = (match: Match): number => match.path?.value.length ?? 1;
const nameOf = (route: HTTPRoute): string => `${route.metadata.namespace ?? ""}/${route.metadata.name}`;
const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
