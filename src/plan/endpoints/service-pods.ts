import type { Pod, Service, ServicePort } from "../../api/generated/core-v1.ts";
import { hasEnded, isDeleting, isReady } from "../pods/readiness.ts";

export const HEADLESS_LABEL = "service.kubernetes.io/headless";

export type AddressType = "IPv4" | "IPv6";

/** A port as its number is in one pod: a named targetPort may be another one in each. */
export interface PodPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: "SCTP" | "TCP" | "UDP";
  readonly appProtocol?: string;
}

/** Whether the controllers keep endpoints for the Service: others do it for one without selector, nobody for an alias. */
export function hasOwnEndpoints(service: Service): boolean {
  return Object.keys(service.spec.selector ?? {}).length > 0 && service.spec.type !== "ExternalName";
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === "None";
}

export function addressTypes(service: Service): readonly AddressType[] {
  return (service.spec.ipFamilies as readonly AddressType[] | undefined) ?? ["IPv4"];
}

/** The pod's address of this family; undefined while it has none, and when it has ended. */
export function addressOf(pod: Pod, type: AddressType): string | undefined {
  if (hasEnded(pod)) return undefined;
  const { podIP, podIPs } = pod.status ?? {};
  const addresses = podIPs?.length ? podIPs.map(({ ip }) => ip) : podIP ? [podIP] : [];
  return addresses.find((address) => address.includes(":") === (type === "IPv6"));
}

/** The Service's ports as the pod has them; a named port that the pod does not have is left out. */
export function portsOf(service: Service, pod: Pod): readonly PodPort[] {
  const ports: PodPort[] = [];
  for (const servicePort of service.spec.ports ?? []) {
    const port = numberIn(pod, servicePort);
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    if (port !== undefined) ports.push({ name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) });
  }
  return ports;
}

function numberIn(pod: Pod, { port, targetPort, protocol = "TCP" }: ServicePort): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number") return targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const container of [...pod.spec.containers, ...sidecars])
    for (const candidate of container.ports ?? [])
      if (candidate.name === targetPort && (candidate.protocol ?? "TCP") === protocol) return candidate.containerPort;
  return undefined;
}

export interface Conditions {
  /** May get new requests. */
  readonly ready: boolean;
  /** Would answer, whether or not it is on its way out. */
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions */
export function conditionsOf(service: Service, pod: Pod): Conditions {
  const serving = isReady(pod);
  const terminating = isDeleting(pod);
  return { ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating };
}

/** A pod has a DNS name of its own under the Service that it names as its subdomain. */
export function hostnameOf(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec;
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}
