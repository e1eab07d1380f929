import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Draft } from "../../api/object.ts";
import { jsonEqual, type JsonValue } from "../../lib/json.ts";
import type { Frontend } from "./frontends.ts";
import { GROUP, newName, policyLabels, RELEASE_RULE, stableName, TESTERS_RULE } from "../gate/names.ts";

type RouteSpec = HTTPRoute["spec"];
type RouteRule = NonNullable<RouteSpec["rules"]>[number];
type BackendRef = NonNullable<RouteRule["backendRefs"]>[number];
type RouteFilter = NonNullable<RouteRule["filters"]>[number];
type RouteMatch = NonNullable<RouteRule["matches"]>[number];

/** How traffic is to be split. */
export interface Split {
  /** Share of the new version, 0 … 1. */
  readonly w: number;
  /** What the mesh counts under; absent at rest. */
  readonly session: string | undefined;
  /** Whether testers reach the new version by their rule. */
  readonly testers: boolean;
}

/** Six digits, which is what the mesh counts by. */
const FINEST = 1_000_000;

/** Whole numbers for a share, with the smallest total that can say it: 0.05 is 95 : 5, 0.0125 is 9,875 : 125. */
export function weightsFor(w: number): { readonly stable: number; readonly new: number } {
  const millionths = Math.round(Math.min(1, Math.max(0, w)) * FINEST);
  let total = FINEST;
  let fresh = millionths;
  while (total > 100 && fresh % 10 === 0) {
    total /= 10;
    fresh /= 10;
  }
  return { stable: total - fresh, new: fresh };
}

/** The HTTPRoute of ours for one port, with every default written out, so that it can be compared with what is stored. */
export function ownRoute(
  deployment: string,
  namespace: string,
  policy: ReleasePolicy,
  frontend: Frontend,
  split: Split,
): Draft<HTTPRoute> {
  const rules: RouteRule[] = [];
  const testers = split.testers ? testerMatches(policy) : [];
  if (testers.length > 0)
    rules.push({ name: TESTERS_RULE, matches: testers, backendRefs: [reference(newName(deployment), frontend, 1)] });
  // A route of the user holds the weighted rule; ours is there for testers alone.
  if (frontend.route.own)
    rules.push({
      name: RELEASE_RULE,
      matches: [{ path: EVERYTHING }],
      filters: ownFilters(policy, split.session),
      backendRefs: splitReferences(deployment, frontend, split.w),
    });
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: ownRouteName(frontend), namespace, labels: policyLabels(policy, deployment) },
    spec: { parentRefs: [{ group: "", kind: "Service", name: frontend.service, port: frontend.port }], rules },
  };
}

/** The name of our route for the port: the one with the rule, or the testers' one beside the user's. */
export function ownRouteName(frontend: Frontend): string {
  return frontend.route.own ? frontend.route.name : `${frontend.service}-${frontend.port}-testers`;
}

/** `current` as wanted, undefined when it is so already. */
export function ownRouteChange(current: HTTPRoute, wanted: Draft<HTTPRoute>): HTTPRoute | undefined {
  const labels = { ...current.metadata.labels, ...wanted.metadata.labels };
  const same =
    jsonEqual(labels as JsonValue, (current.metadata.labels ?? {}) as JsonValue) &&
    jsonEqual(withoutDefaults(current.spec.rules), withoutDefaults(wanted.spec.rules)) &&
    jsonEqual(withoutDefaults(current.spec.parentRefs), withoutDefaults(wanted.spec.parentRefs));
  if (same) return undefined;
  return { ...current, metadata: { ...current.metadata, labels }, spec: { ...current.spec, ...wanted.spec } };
}

/**
 * The user's route with the rule `release` split as wanted; undefined when it is so already. `rules` is one value for
 * server-side apply, so the whole route is written back with its resourceVersion: a change by somebody else in between
 * makes a conflict, and the next look starts from what he wrote. Nothing but that rule's backendRefs and our two filters changes.
 */
export function userRouteChange(
  current: HTTPRoute,
  deployment: string,
  policy: ReleasePolicy,
  frontend: Frontend,
  split: Split,
): HTTPRoute | undefined {
  return withRule(current, (rule) => ({
    ...rule,
    filters: [...foreignFilters(rule), ...ownFilters(policy, split.session)],
    backendRefs: splitReferences(deployment, frontend, split.w),
  }));
}

/** A route of ours that no Service leads to any more, split as wanted; undefined when it is so already. */
export function leftRouteChange(
  current: HTTPRoute,
  deployment: string,
  policy: ReleasePolicy,
  split: Split,
): HTTPRoute | undefined {
  const weights = weightsFor(split.w);
  const weightOf = (name: string): number => (name === newName(deployment) ? weights.new : weights.stable);
  return withRule(current, (rule) => ({
    ...rule,
    filters: ownFilters(policy, split.session),
    backendRefs: (rule.backendRefs ?? []).map((each) => ({ ...each, weight: weightOf(each.name) })),
  }));
}

/** The user's route with the rule `release` given back: everything to the Service itself. */
export function userRouteRestored(
  current: HTTPRoute,
  frontend: Pick<Frontend, "service" | "port">,
): HTTPRoute | undefined {
  return withRule(current, (rule) => {
    const { filters: _, ...others } = rule;
    const kept = foreignFilters(rule);
    const backendRefs = [{ group: "", kind: "Service", name: frontend.service, port: frontend.port, weight: 1 }];
    return { ...others, ...(kept.length > 0 && { filters: kept }), backendRefs };
  });
}

function withRule(current: HTTPRoute, change: (rule: RouteRule) => RouteRule): HTTPRoute | undefined {
  const rules = current.spec.rules ?? [];
  const changed = rules.map((rule) => (rule.name === RELEASE_RULE ? change(rule) : rule));
  if (jsonEqual(withoutDefaults(rules), withoutDefaults(changed))) return undefined;
  return { ...current, spec: { ...current.spec, rules: changed } };
}

/** What the rule `release` of a route says now; undefined when it has none or is not split by us. */
export function splitOf(route: HTTPRoute | undefined, deployment: string): Split | undefined {
  const rule = route?.spec.rules?.find(({ name }) => name === RELEASE_RULE);
  const weight = (name: string): number | undefined => {
    const reference = rule?.backendRefs?.find((each) => each.name === name);
    return reference && (reference.weight ?? 1);
  };
  const stable = weight(stableName(deployment));
  const fresh = weight(newName(deployment));
  if (stable === undefined || fresh === undefined) return undefined;
  const session = rule?.filters?.find(
    ({ extensionRef }) => extensionRef?.group === GROUP && extensionRef.kind === "Release",
  );
  const total = stable + fresh;
  return {
    w: total > 0 ? Math.round((fresh / total) * FINEST) / FINEST : 0,
    session: session?.extensionRef?.name,
    testers: route?.spec.rules?.some(({ name }) => name === TESTERS_RULE) ?? false,
  };
}

const EVERYTHING = { type: "PathPrefix", value: "/" } as const;

function reference(name: string, frontend: Frontend, weight: number): BackendRef {
  return { group: "", kind: "Service", name, port: frontend.backendPort, weight };
}

function splitReferences(deployment: string, frontend: Frontend, w: number): BackendRef[] {
  const weights = weightsFor(w);
  return [
    reference(stableName(deployment), frontend, weights.stable),
    reference(newName(deployment), frontend, weights.new),
  ];
}

function ownFilters(policy: ReleasePolicy, session: string | undefined): RouteFilter[] {
  const filter = (kind: string, name: string): RouteFilter => ({
    type: "ExtensionRef",
    extensionRef: { group: GROUP, kind, name },
  });
  const named = [filter("ReleasePolicy", policy.metadata.name)];
  return session === undefined ? named : [...named, filter("Release", session)];
}

function foreignFilters(rule: RouteRule): RouteFilter[] {
  return (rule.filters ?? []).filter(({ extensionRef }) => extensionRef?.group !== GROUP);
}

/** One match for each tester: any of them is enough. */
function testerMatches({ spec }: ReleasePolicy): RouteMatch[] {
  return (spec.testers ?? []).map(({ header: { name, value, regex } }) => ({
    path: EVERYTHING,
    headers: [
      value !== undefined && regex === undefined
        ? { type: "Exact", name, value }
        : { type: "RegularExpression", name, value: regex ?? ".+" },
    ],
  }));
}

/** A spec without what the API server fills in, for comparing. */
function withoutDefaults(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value as JsonValue;
  const members = Object.entries(value)
    .filter(([key, member]) => !(DEFAULTS.get(key)?.includes(member as string | number) ?? false))
    .map(([key, member]) => [key, withoutDefaults(member)] as const)
    .filter(([key, member]) => !(LISTS.has(key) && Array.isArray(member) && member.length === 0));
  return Object.fromEntries(members);
}

/** Values that mean the same as their absence (Gateway API defaults). */
const DEFAULTS: ReadonlyMap<string, readonly (string | number)[]> = new Map<string, readonly (string | number)[]>([
  ["group", [""]],
  ["kind", ["Service"]],
  ["weight", [1]],
  ["namespace", [""]],
]);
const LISTS: ReadonlySet<string> = new Set(["filters", "matches", "backendRefs"]);
