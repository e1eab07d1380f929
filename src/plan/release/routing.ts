import type { Service } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Draft } from "../../api/object.ts";
import type { ReleaseAction } from "./actions.ts";
import { backendServices, type Pins, pinOf, plainPort, serviceChange } from "./backend-services.ts";
import type { Frontend } from "./frontends.ts";
import { reachable, routesInForce } from "./in-force.ts";
import { newName, NO_HASH, POLICY_LABEL, stableName } from "../gate/names.ts";
import {
  leftRouteChange,
  ownRoute,
  ownRouteChange,
  ownRouteName,
  type Split,
  userRouteChange,
} from "./release-rule.ts";
import { readyPods, type Situation } from "./situation.ts";

/** Where the two Services lead and how the rule splits. */
export interface Routing {
  readonly pins: Pins;
  readonly split: Split;
}

/** The actions that bring Services and rules to `wanted`, Services first; none when they are so. */
export function planRouting(s: Situation, policy: ReleasePolicy, wanted: Routing, why: string): ReleaseAction[] {
  const services = planServices(s, policy, wanted.pins, why);
  // A rule may only be put in place when the Services that it names lead somewhere.
  if (s.split === undefined && (services.length > 0 || !stableLeadsToUsersPods(s))) return services;
  return [
    ...services,
    ...s.frontends.flatMap((frontend) => planRoutes(s, policy, frontend, wanted.split, why)),
    ...planLeftRoutes(s, policy, wanted.split, why),
  ];
}

/**
 * Routes of ours whose port or Service is gone. In a release they are split like the others, so that whoever brings the
 * Service back finds no user on dark pods; at rest they go.
 */
function planLeftRoutes(s: Situation, policy: ReleasePolicy, split: Split, why: string): ReleaseAction[] {
  const used = new Set(s.frontends.map(ownRouteName));
  const left = s.routes.filter(
    ({ metadata }) => metadata.labels?.[POLICY_LABEL] !== undefined && !used.has(metadata.name),
  );
  if (split.session === undefined && !s.shut)
    return left.map(({ metadata }) => ({ kind: "deleteRoute", name: metadata.name, why: "its port is gone" }));
  return left.flatMap((route): ReleaseAction[] => {
    const changed = leftRouteChange(route, s.view.name, policy, split);
    return changed ? [{ kind: "updateRoute", object: changed, why }] : [];
  });
}

function planServices(s: Situation, policy: ReleasePolicy, pins: Pins, why: string): ReleaseAction[] {
  return backendServices(s.deployment, policy, s.frontends, pins).flatMap((wanted): ReleaseAction[] => {
    const current = s.view.services.find(({ metadata }) => metadata.name === wanted.metadata.name);
    if (!current) return s.frontends.length > 0 ? [{ kind: "createService", object: wanted, why }] : [];
    const changed = serviceChange(current, withPortsInUse(wanted, current, s.routes));
    if (!changed || (wanted.metadata.name === newName(s.view.name) && !mayLeadElsewhere(s, current, pins.new)))
      return [];
    return [{ kind: "updateService", object: changed, why }];
  });
}

/** A port that a rule still leads to stays: a Service of the user that gets an old port back gets the rule of that port with it. */
function withPortsInUse(wanted: Draft<Service>, current: Service, routes: readonly HTTPRoute[]): Draft<Service> {
  const { name } = wanted.metadata;
  const references = routes.flatMap(({ spec }) => (spec.rules ?? []).flatMap((rule) => rule.backendRefs ?? []));
  const inUse = new Set(references.filter((each) => each.name === name).map(({ port }) => port));
  const { ports = [] } = wanted.spec;
  const left = (current.spec.ports ?? []).filter(
    ({ port }) => inUse.has(port) && !ports.some((each) => each.port === port),
  );
  if (ports.length === 0 || left.length === 0) return wanted;
  const all = [...ports, ...left.map(plainPort)];
  return { ...wanted, spec: { ...wanted.spec, ports: all.sort((a, b) => a.port - b.port) } };
}

/** `-new` may lead to another version only when no worker sends users there any more. */
function mayLeadElsewhere(s: Situation, current: Service, hash: string): boolean {
  const pinned = pinOf(current);
  if (hash === NO_HASH || pinned === hash || s.split === undefined) return true;
  return s.split.w === 0 && rulesInForce(s);
}

/** Before the rule is there, users go to all ready pods; as many must be behind `-stable` when it takes over. */
function stableLeadsToUsersPods(s: Situation): boolean {
  const ready = readyPods(s.view.pods);
  const pinned = pinOf(s.view.services.find(({ metadata }) => metadata.name === stableName(s.view.name)));
  const meant =
    pinned === undefined ? ready : ready.filter((pod) => pod.metadata.labels?.["pod-template-hash"] === pinned);
  return reachable(s.view, stableName(s.view.name), meant, s.now).length === meant.length;
}

function planRoutes(
  s: Situation,
  policy: ReleasePolicy,
  frontend: Frontend,
  split: Split,
  why: string,
): ReleaseAction[] {
  const actions: ReleaseAction[] = [];
  const own = ownRoute(s.view.name, s.view.namespace, policy, frontend, split);
  const current = find(s.routes, ownRouteName(frontend));
  if ((own.spec.rules ?? []).length === 0) {
    if (current) actions.push({ kind: "deleteRoute", name: current.metadata.name, why });
  } else if (!current) actions.push({ kind: "createRoute", object: own, why });
  else {
    const changed = ownRouteChange(current, own);
    if (changed) actions.push({ kind: "updateRoute", object: changed, why });
  }
  const users = frontend.route.own ? undefined : find(s.routes, frontend.route.name);
  const changed = users && userRouteChange(users, s.view.name, policy, frontend, split);
  if (changed) actions.push({ kind: "updateRoute", object: changed, why });
  return actions;
}

function find(routes: readonly HTTPRoute[], name: string): HTTPRoute | undefined {
  return routes.find(({ metadata }) => metadata.name === name);
}

/** Whether the rules as they are written are in force on all workers. */
export function rulesInForce(s: Situation): boolean {
  return s.split !== undefined && routesInForce(s.view, s.routes, s.now);
}

/** Ready pods of the new version to which the data plane can send. */
export function reachableNew(s: Situation): number {
  return reachable(s.view, newName(s.view.name), s.freshPods, s.now).length;
}
