import type { Service, ServicePort } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import { declaredProtocol } from "./protocol.ts";

export type ParentRef = NonNullable<HTTPRoute["spec"]["parentRefs"]>[number];

/** The ports of a Service to which one parentRef attaches its route, or why it attaches to none. */
export type Attachment =
  | { readonly service: Service; readonly ports: readonly ServicePort[] }
  | { readonly reason: "NoMatchingParent" | "NotAllowedByListeners"; readonly message: string };

/** True for the parents that are ours: Services (GAMMA). Others, such as Gateways, belong to other controllers. */
export function isMeshParent(parent: ParentRef): boolean {
  return parent.kind === "Service" && parent.group === "";
}

/** GEP-1294: no port means all ports, `sectionName` is the name of a port, both given must both match. */
export function attach(route: HTTPRoute, parent: ParentRef, services: ReadonlyMap<string, Service>): Attachment {
  const home = route.metadata.namespace ?? "";
  const namespace = parent.namespace ?? home;
  const service = services.get(`${namespace}/${parent.name}`);
  const called = `Service ${namespace}/${parent.name}`;
  if (!service) return { reason: "NoMatchingParent", message: `${called} not found` };
  if (namespace !== home)
    return {
      reason: "NotAllowedByListeners",
      message: `${called} is in another namespace: a mesh without client identities cannot tell whose requests a consumer route is for`,
    };
  if (!hasFrontend(service)) return { reason: "NoMatchingParent", message: `${called} has no cluster IP` };
  const named = (service.spec.ports ?? []).filter(
    (port) =>
      (parent.port === undefined || parent.port === port.port) &&
      (parent.sectionName === undefined || parent.sectionName === port.name),
  );
  if (named.length === 0) return { reason: "NoMatchingParent", message: `${called} has no such port` };
  const ports = named.filter((port) => (port.protocol ?? "TCP") === "TCP" && declaredProtocol(port) !== "tcp");
  if (ports.length === 0)
    return {
      reason: "NoMatchingParent",
      message: `no such port of ${called} carries HTTP/1 (its appProtocol or name says so)`,
    };
  return { service, ports };
}

/** Headless Services and those of type ExternalName have no address to listen on. */
export function hasFrontend({ spec }: Service): boolean {
  return (
    spec.type !== "ExternalName" && spec.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None"
  );
}
