import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { Service, ServicePort } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import { hasFrontend } from "../routing/attachment.ts";
import { declaredProtocol } from "../routing/protocol.ts";
import {
  DEPLOYMENT_LABEL,
  namesFit,
  newName,
  POLICY_LABEL,
  RELEASE_RULE,
  routeName,
  stableName,
} from "../gate/names.ts";

/** One port of a Service through which users reach the Deployment, and where its release rule is. */
export interface Frontend {
  readonly service: string;
  readonly port: number;
  /** Port of the Services `-stable` and `-new` that leads to the same port of the pods. */
  readonly backendPort: number;
  readonly targetPort: number | string;
  /** The HTTPRoute that holds the rule `release`; `own`: made by us. */
  readonly route: { readonly name: string; readonly own: boolean };
}

/** Why the gate cannot keep users off dark pods; a reason of the policy's condition Ready. */
export interface Obstacle {
  readonly reason:
    | "TargetNotFound"
    | "RecreateStrategy"
    | "NameTooLong"
    | "NoService"
    | "HeadlessService"
    | "SharedService"
    | "NotHTTP"
    | "RouteBypassesGate"
    | "NameTaken";
  readonly message: string;
}

export interface FrontendView {
  readonly deployment: Deployment;
  /** All of the namespace. */
  readonly deployments: readonly Deployment[];
  readonly services: readonly Service[];
  readonly routes: readonly HTTPRoute[];
}

export interface Frontends {
  readonly frontends: readonly Frontend[];
  readonly obstacles: readonly Obstacle[];
}

/** The Services whose selector matches the Deployment's pods, port by port, and what stands in the way. */
export function findFrontends(view: FrontendView): Frontends {
  const services = servicesOf(view.deployment, view.services);
  const obstacles: Obstacle[] = workloadObstacles(view.deployment);
  if (services.length === 0)
    obstacles.push({
      reason: "NoService",
      message: `no Service selects the pods of Deployment ${view.deployment.metadata.name}, so there are no users to keep off`,
    });
  for (const service of services) obstacles.push(...serviceObstacles(service, view));
  obstacles.push(...takenNames(view));
  const frontends = withBackendPorts(services).map((frontend) => ({
    ...frontend,
    route: ruleHolder(frontend, view.routes) ?? { name: routeName(frontend.service, frontend.port), own: true },
  }));
  for (const { route } of frontends) {
    const other = view.routes.find(({ metadata }) => metadata.name === route.name);
    if (route.own && other && other.metadata.labels?.[DEPLOYMENT_LABEL] !== view.deployment.metadata.name)
      obstacles.push({ reason: "NameTaken", message: `HTTPRoute ${route.name} exists and is not of this policy` });
  }
  obstacles.push(...bypasses(frontends, view.routes));
  return { frontends, obstacles };
}

function workloadObstacles({ metadata, spec }: Deployment): Obstacle[] {
  if (spec.strategy?.type === "Recreate")
    return [
      {
        reason: "RecreateStrategy",
        message: `Deployment ${metadata.name} has the strategy Recreate: it has no two versions at a time to choose from`,
      },
    ];
  if (!namesFit(metadata.name))
    return [
      {
        reason: "NameTooLong",
        message: `the name of Deployment ${metadata.name} is too long for the Service ${metadata.name}-stable`,
      },
    ];
  return [];
}

/** Our Services' names may not be somebody else's. */
function takenNames({ deployment: { metadata }, services }: FrontendView): Obstacle[] {
  const ours = new Set([stableName(metadata.name), newName(metadata.name)]);
  return services
    .filter(
      (service) => ours.has(service.metadata.name) && service.metadata.labels?.[DEPLOYMENT_LABEL] !== metadata.name,
    )
    .map((service) => ({
      reason: "NameTaken",
      message: `Service ${service.metadata.name} exists and is not of this policy`,
    }));
}

/** Services of the user that select the Deployment's pods, by name. */
export function servicesOf(deployment: Deployment, services: readonly Service[]): readonly Service[] {
  return services
    .filter(({ metadata }) => metadata.labels?.[POLICY_LABEL] === undefined && metadata.deletionTimestamp === undefined)
    .filter(({ spec }) => spec.type !== "ExternalName" && selects(spec.selector, deployment))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function selects(selector: Readonly<Record<string, string>> | undefined, { spec }: Deployment): boolean {
  const wanted = Object.entries(selector ?? {});
  const labels = spec.template.metadata?.labels ?? {};
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function serviceObstacles(service: Service, view: FrontendView): Obstacle[] {
  const obstacles: Obstacle[] = [];
  const { name } = service.metadata;
  if (!hasFrontend(service) && service.spec.clusterIP === "None")
    obstacles.push({
      reason: "HeadlessService",
      message: `Service ${name} is headless: its clients talk to pods directly, dark ones too`,
    });
  const other = view.deployments.find(
    (each) => each.metadata.uid !== view.deployment.metadata.uid && selects(service.spec.selector, each),
  );
  if (other)
    obstacles.push({
      reason: "SharedService",
      message: `Service ${name} also selects pods of Deployment ${other.metadata.name}, which a rule for this one would cut off`,
    });
  for (const port of service.spec.ports ?? []) {
    if (carriesHttp(port)) continue;
    obstacles.push({
      reason: "NotHTTP",
      message: `port ${port.port} of Service ${name} does not carry HTTP/1 (its protocol, appProtocol or name says so): its connections cannot be kept off dark pods`,
    });
  }
  return obstacles;
}

function carriesHttp(port: ServicePort): boolean {
  return (port.protocol ?? "TCP") === "TCP" && declaredProtocol(port) !== "tcp";
}

type WithoutRoute = Omit<Frontend, "route">;

/**
 * `-stable` and `-new` have the port numbers of the user's Services. Where two Services lead the same number to different
 * ports of the pods, the later one gets the next number that is free.
 */
function withBackendPorts(services: readonly Service[]): readonly WithoutRoute[] {
  const targets = new Map<number, number | string>();
  return services.flatMap(({ metadata, spec }) =>
    (spec.ports ?? []).filter(carriesHttp).map((port) => {
      const targetPort = port.targetPort ?? port.port;
      let backendPort = port.port;
      while (targets.has(backendPort) && targets.get(backendPort) !== targetPort)
        backendPort = (backendPort % 65_535) + 1;
      targets.set(backendPort, targetPort);
      return { service: metadata.name, port: port.port, backendPort, targetPort };
    }),
  );
}

type RouteRule = NonNullable<HTTPRoute["spec"]["rules"]>[number];

/** A route of the user on this port that has a rule named `release`: that rule is written instead of one of ours. */
function ruleHolder(frontend: WithoutRoute, routes: readonly HTTPRoute[]): Frontend["route"] | undefined {
  const holder = routes.find(
    (route) =>
      isTheUsers(route) &&
      route.spec.rules?.some(({ name }) => name === RELEASE_RULE) &&
      route.spec.parentRefs?.some(
        ({ kind, name, port }) =>
          kind === "Service" && name === frontend.service && (port === undefined || port === frontend.port),
      ),
  );
  return holder && { name: holder.metadata.name, own: false };
}

function isTheUsers(route: HTTPRoute): boolean {
  return route.metadata.labels?.[POLICY_LABEL] === undefined;
}

/** Rules of the user that send to the Service itself reach dark pods as well: routes are not chained. */
function bypasses(frontends: readonly Frontend[], routes: readonly HTTPRoute[]): Obstacle[] {
  const services = new Set(frontends.map(({ service }) => service));
  const sendsToThem = (rule: RouteRule): boolean =>
    rule.name !== RELEASE_RULE &&
    (rule.backendRefs ?? []).some(
      ({ kind = "Service", name, weight = 1 }) => kind === "Service" && services.has(name) && weight > 0,
    );
  return routes.filter(isTheUsers).flatMap((route) => {
    if (!route.spec.rules?.some(sendsToThem)) return [];
    return [
      {
        reason: "RouteBypassesGate" as const,
        message:
          `a rule of HTTPRoute ${route.metadata.name} sends to the Service itself, dark pods included; ` +
          `give the rule that is to be split the name ${RELEASE_RULE}`,
      },
    ];
  });
}
