import type { Service, ServicePort } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { KubeObject } from "../../api/object.ts";
import { keyOf } from "../../api/object.ts";
import { attach, hasFrontend, isMeshParent } from "./attachment.ts";
import { backendId, backendOf, slicesByService } from "./endpoints.ts";
import { findingOf, type RouteFinding } from "./findings.ts";
import { byPrecedence, type MatchOrigin } from "./precedence.ts";
import { protocolOf } from "./protocol.ts";
import { type ReadRule, type RouteReading, readRoute } from "./route-rules.ts";
import type { Backend, ListenerSpec, RankedMatch, Rule, Snapshot } from "./snapshot.ts";
import type { RoutingView } from "./view.ts";

export interface Compiled {
  readonly snapshot: Snapshot;
  /** One for each parent that is a Service, in the order of `ns/name` and of the parents. */
  readonly findings: readonly RouteFinding[];
}

/** The address on which NodePorts listen (docs/architecture.md, Addresses). */
const NODE_ADDRESS = "127.0.0.1";

/**
 * The one meaning of the objects: workers serve `snapshot`, the route-status controller writes `findings`. The order of the
 * view's lists does not matter.
 */
export function compile(view: RoutingView): Compiled {
  const services = byKey(view.services);
  const { attached, findings } = attachRoutes(view, services);
  const slices = slicesByService(view.slices);
  const listeners: ListenerSpec[] = [];
  const backends: Record<string, Backend> = {};
  for (const [key, service] of services) {
    if (service.spec.type === "ExternalName") continue;
    for (const port of tcpPorts(service)) {
      const backend = backendOf(service, port, slices.get(key) ?? []);
      backends[backend.id] = backend;
      listeners.push(...listenersOf(service, port, attached.get(backend.id) ?? []));
    }
  }
  return { snapshot: { applied: view.versions, listeners: withoutClashes(listeners), backends }, findings };
}

interface AttachedRoute {
  readonly route: HTTPRoute;
  readonly reading: RouteReading;
}

/** Routes by the backend id of the Service port to which they are attached. */
function attachRoutes(
  view: RoutingView,
  services: ReadonlyMap<string, Service>,
): { attached: ReadonlyMap<string, readonly AttachedRoute[]>; findings: readonly RouteFinding[] } {
  const context = { services, policies: byKey(view.policies) };
  const attached = new Map<string, AttachedRoute[]>();
  const findings: RouteFinding[] = [];
  for (const route of byKey(view.routes).values()) {
    const parents = (route.spec.parentRefs ?? []).filter(isMeshParent);
    if (parents.length === 0) continue;
    const reading = readRoute(route, context);
    const ports = new Set<string>();
    for (const parent of parents) {
      const attachment = attach(route, parent, services);
      findings.push(findingOf(route, parent, attachment, reading));
      if ("reason" in attachment) continue;
      const { namespace = "", name } = attachment.service.metadata;
      for (const port of attachment.ports) ports.add(backendId(namespace, name, port.port));
    }
    for (const id of ports) attached.set(id, [...(attached.get(id) ?? []), { route, reading }]);
  }
  return { attached, findings };
}

function listenersOf(service: Service, port: ServicePort, routes: readonly AttachedRoute[]): readonly ListenerSpec[] {
  if (!hasFrontend(service)) return [];
  const { namespace = "", name } = service.metadata;
  const common = {
    service: { namespace, name, port: port.port },
    protocol: protocolOf(port, routes.length > 0),
    ...rank(routes),
    fallback: backendId(namespace, name, port.port),
  };
  const listeners: ListenerSpec[] = [{ address: service.spec.clusterIP ?? "", port: port.port, ...common }];
  const exposed = service.spec.type === "NodePort" || service.spec.type === "LoadBalancer";
  if (exposed && port.nodePort) listeners.push({ address: NODE_ADDRESS, port: port.nodePort, ...common });
  return listeners;
}

/** All rules of the routes, and their matches in order of precedence. A route whose rules were all dropped leaves the 404 of the API. */
function rank(routes: readonly AttachedRoute[]): { rules: readonly Rule[]; matches: readonly RankedMatch[] } {
  const rules: Rule[] = [];
  const origins: (MatchOrigin & { readonly place: number })[] = [];
  for (const { route, reading } of routes) {
    reading.rules.forEach((read: ReadRule | undefined, rule) => {
      if (!read) return;
      const place = rules.push(read.rule) - 1;
      read.matches.forEach((match, index) => origins.push({ match, route, rule, index, place }));
    });
  }
  return { rules, matches: origins.sort(byPrecedence).map(({ match, place }) => ({ match, rule: place })) };
}

const tcpPorts = (service: Service): readonly ServicePort[] =>
  (service.spec.ports ?? []).filter((port) => (port.protocol ?? "TCP") === "TCP");

/** Objects by `ns/name`, sorted by it. */
function byKey<T extends KubeObject>(objects: readonly T[]): ReadonlyMap<string, T> {
  const pairs = objects.map((object) => [keyOf(object), object] as const);
  return new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Sorted by address and port. The API gives no address or port away twice; where it is so all the same, the first Service keeps it. */
function withoutClashes(listeners: readonly ListenerSpec[]): readonly ListenerSpec[] {
  const byAddress = new Map<string, ListenerSpec>();
  for (const listener of listeners) {
    const key = `${listener.address}:${listener.port}`;
    if (!byAddress.has(key)) byAddress.set(key, listener);
  }
  return [...byAddress].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, listener]) => listener);
}
