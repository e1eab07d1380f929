import type { Service } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { parseDuration } from "./duration.ts";
import { backendId } from "./endpoints.ts";
import { type FilterReading, readFilters } from "./route-filters.ts";
import { readMatches } from "./route-matches.ts";
import type { Match, ReleaseRule, Rule, WeightedBackend } from "./snapshot.ts";

type RouteRule = NonNullable<HTTPRoute["spec"]["rules"]>[number];
type BackendRef = NonNullable<RouteRule["backendRefs"]>[number];

/** The other objects that rules refer to, by `ns/name`. */
export interface RuleContext {
  readonly services: ReadonlyMap<string, Service>;
  readonly policies: ReadonlyMap<string, ReleasePolicy>;
}

/** A reference that cannot be resolved; reasons are those of the condition ResolvedRefs. */
export interface RefProblem {
  readonly reason: "InvalidKind" | "BackendNotFound" | "UnsupportedProtocol";
  readonly message: string;
}

export interface ReadRule {
  readonly rule: Rule;
  readonly matches: readonly Match[];
}

export interface RouteReading {
  /** By index in the route; undefined for a rule that had to be dropped. */
  readonly rules: readonly (ReadRule | undefined)[];
  readonly dropped: readonly { readonly rule: string; readonly why: string }[];
  readonly problems: readonly RefProblem[];
}

/** What the rules of a route mean. A rule that asks for what we cannot do is dropped as a whole, never served in part. */
export function readRoute(route: HTTPRoute, context: RuleContext): RouteReading {
  const dropped: { rule: string; why: string }[] = [];
  const problems: RefProblem[] = [];
  const rules = (route.spec.rules ?? [{}]).map((rule, index) => {
    const read = readRule(route, rule, index, context, problems);
    if (typeof read !== "string") return read;
    dropped.push({ rule: rule.name ?? String(index), why: read });
    return undefined;
  });
  return { rules, dropped, problems };
}

function readRule(
  route: HTTPRoute,
  rule: RouteRule,
  index: number,
  context: RuleContext,
  problems: RefProblem[],
): ReadRule | string {
  const namespace = route.metadata.namespace ?? "";
  const matches = readMatches(rule.matches);
  if (typeof matches === "string") return matches;
  const prefixes = matches.every((match) => match.path?.type === "PathPrefix");
  const own = readFilters(rule.filters ?? [], prefixes);
  if (own.problem !== undefined) return own.problem;
  const timeouts = readTimeouts(rule.timeouts);
  if (typeof timeouts === "string") return timeouts;
  const backends = readBackends(rule.backendRefs ?? [], namespace, prefixes, context, problems);
  if (typeof backends === "string") return backends;
  const release = releaseOf(own, namespace, backends, context.policies);
  return {
    rule: {
      id: `${namespace}/${route.metadata.name}/${rule.name ?? index}`,
      filters: own.filters,
      backends,
      ...(timeouts && { timeouts }),
      ...(release && { release }),
    },
    matches,
  };
}

function readBackends(
  refs: readonly BackendRef[],
  namespace: string,
  prefixes: boolean,
  context: RuleContext,
  problems: RefProblem[],
): readonly WeightedBackend[] | string {
  const backends: WeightedBackend[] = [];
  for (const ref of refs) {
    const { filters, problem } = readFilters(ref.filters ?? [], prefixes);
    if (problem !== undefined) return problem;
    const target = resolve(ref, namespace, context.services);
    if (typeof target !== "string") problems.push(target);
    backends.push({ ...(typeof target === "string" && { backend: target }), weight: ref.weight ?? 1, filters });
  }
  return backends;
}

/** The backend that a reference names. Other namespaces need no ReferenceGrant in a mesh (GEP-1294). */
function resolve(ref: BackendRef, namespace: string, services: RuleContext["services"]): string | RefProblem {
  const { group = "", kind = "Service", name, port } = ref;
  if (group !== "" || kind !== "Service")
    return {
      reason: "InvalidKind",
      message: `backendRef ${name} is of kind ${kind}.${group}; only Service is supported`,
    };
  const home = ref.namespace ?? namespace;
  const service = services.get(`${home}/${name}`);
  if (!service) return { reason: "BackendNotFound", message: `Service ${home}/${name} not found` };
  if (service.spec.type === "ExternalName")
    return { reason: "UnsupportedProtocol", message: `Service ${home}/${name} is of type ExternalName` };
  const found = service.spec.ports?.find((p) => p.port === port);
  if (!found)
    return { reason: "BackendNotFound", message: `Service ${home}/${name} has no port ${port ?? "(none is named)"}` };
  if ((found.protocol ?? "TCP") !== "TCP")
    return {
      reason: "UnsupportedProtocol",
      message: `port ${found.port} of Service ${home}/${name} is ${found.protocol}`,
    };
  return backendId(home, name, found.port);
}

/** `0s` means no timeout (HTTPRouteTimeouts). */
function readTimeouts(timeouts: RouteRule["timeouts"]): Rule["timeouts"] | string {
  if (!timeouts) return undefined;
  const request = timeouts.request === undefined ? 0 : parseDuration(timeouts.request);
  const backend = timeouts.backendRequest === undefined ? 0 : parseDuration(timeouts.backendRequest);
  if (request === undefined || backend === undefined) return "a timeout is not a duration";
  if (request === 0 && backend === 0) return undefined;
  return { ...(request > 0 && { request }), ...(backend > 0 && { backend }) };
}

/**
 * The rule belongs to a release when it carries a ReleasePolicy filter and splits between the two Services that the
 * policy made (docs/architecture.md, Sessions). A policy that is gone leaves an ordinary rule: its weights go on.
 */
function releaseOf(
  filters: FilterReading,
  namespace: string,
  backends: readonly WeightedBackend[],
  policies: RuleContext["policies"],
): ReleaseRule | undefined {
  if (filters.policy === undefined) return undefined;
  const policy = policies.get(`${namespace}/${filters.policy}`);
  if (!policy) return undefined;
  const target = policy.spec.targetRef.name;
  const version = (suffix: string): string | undefined =>
    backends.find(({ backend }) => backend?.startsWith(`${namespace}/${target}-${suffix}:`))?.backend;
  const [stable, fresh] = [version("stable"), version("new")];
  if (stable === undefined || fresh === undefined) return undefined;
  const userHeader = policy.spec.user?.header?.toLowerCase();
  return {
    ...(filters.session !== undefined && { session: filters.session }),
    stable,
    new: fresh,
    retryOnStable: (policy.spec.retry ?? "OnStable") === "OnStable",
    ...(userHeader !== undefined && { userHeader }),
  };
}
