import type { Service, ServicePort, ServiceSpec } from "../../api/generated/core-v1.ts";

/**
 * What a Service keeps when its owner does not say it again.
 * https://kubernetes.io/docs/concepts/services-networking/service/
 */

export const needsClusterIp = ({ type }: ServiceSpec): boolean => type !== "ExternalName";

export const needsNodePorts = ({ type, allocateLoadBalancerNodePorts: allocate }: ServiceSpec): boolean =>
  type === "NodePort" || (type === "LoadBalancer" && allocate !== false);

export const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";

/** `clusterIP` and `clusterIPs` say the same; whoever sets one of them sets both. */
export function withClusterIps(service: Service, old: Service | undefined): Service {
  const spec = service.spec ?? {};
  const { clusterIP = "", clusterIPs = [] } = spec;
  if (!old)
    return clusterIP !== "" && clusterIPs.length === 0 ? withSpec(service, { clusterIPs: [clusterIP] }) : service;
  const before = old.spec ?? {};
  if (clusterIP === before.clusterIP || !sameList(clusterIPs, before.clusterIPs ?? [])) return service;
  return clusterIP === "" ? withSpec(service, {}, "clusterIPs") : withSpec(service, { clusterIPs: [clusterIP] });
}

/** An update that leaves out what was given to the Service keeps it. */
export function withKeptValues(service: Service, old: Service): Service {
  return withKeptHealthCheckPort(withKeptNodePorts(withKeptAddresses(service, old), old), old);
}

function withKeptAddresses(service: Service, { spec: before }: Service): Service {
  const { spec } = service;
  if (!needsClusterIp(before) || !needsClusterIp(spec)) return service;
  const clusterIP = spec.clusterIP || before.clusterIP;
  const same = !spec.clusterIPs?.length && clusterIP === before.clusterIP;
  return withSpec(service, {
    ...(clusterIP && { clusterIP }),
    ...(same && before.clusterIPs && { clusterIPs: before.clusterIPs }),
  });
}

function withKeptNodePorts(service: Service, { spec: before }: Service): Service {
  const { spec } = service;
  if (!needsNodePorts(before) || !needsNodePorts(spec)) return service;
  return withSpec(service, { ports: withKeptPorts(spec.ports ?? [], before.ports ?? []) });
}

function withKeptHealthCheckPort(service: Service, { spec: before }: Service): Service {
  const { spec } = service;
  const { healthCheckNodePort } = before;
  const keeps = needsHealthCheckPort(before) && needsHealthCheckPort(spec) && !spec.healthCheckNodePort;
  return keeps && healthCheckNodePort ? withSpec(service, { healthCheckNodePort }) : service;
}

/** A port keeps the node port of the port that had its name, unless another port has taken that. */
function withKeptPorts(ports: readonly ServicePort[], before: readonly ServicePort[]): readonly ServicePort[] {
  const used = new Set(ports.map((port) => port.nodePort).filter((port) => port));
  const byName = new Map(before.map((port) => [port.name ?? "", port.nodePort]));
  return ports.map((port) => {
    const old = byName.get(port.name ?? "");
    if (port.nodePort || !old || used.has(old)) return port;
    used.add(old);
    return { ...port, nodePort: old };
  });
}

export function withSpec(
  service: Service,
  change: Partial<ServiceSpec>,
  ...without: readonly (keyof ServiceSpec)[]
): Service {
  const spec: ServiceSpec = { ...service.spec, ...change };
  const rest = Object.entries(spec).filter(([name]) => !without.some((field) => field === name));
  return { ...service, spec: Object.fromEntries(rest) };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
