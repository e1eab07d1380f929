import type { Service, ServicePort } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { MANAGER } from "../endpoints/endpoint-slice-plan.ts";
import type { Backend, Endpoint } from "./snapshot.ts";

type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];

/** EndpointSlices by `ns/service` (label kubernetes.io/service-name). */
export function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata.labels?.["kubernetes.io/service-name"];
    if (!service || slice.addressType === "FQDN") continue;
    const key = `${slice.metadata.namespace ?? ""}/${service}`;
    const group = byService.get(key);
    if (group) group.push(slice);
    else byService.set(key, [slice]);
  }
  return byService;
}

export function backendId(namespace: string, service: string, port: number): string {
  return `${namespace}/${service}:${port}`;
}

/** The backend of one port of a Service: where its requests may go. */
export function backendOf(service: Service, port: ServicePort, slices: readonly EndpointSlice[]): Backend {
  const { namespace = "", name } = service.metadata;
  return { id: backendId(namespace, name, port.port), endpoints: eligible(slices, port, service) };
}

/**
 * Ready endpoints; when there is none, those that serve while they terminate (KEP-1669). A Service with
 * publishNotReadyAddresses needs no rule here: its slices say `ready` for every address.
 */
function eligible(slices: readonly EndpointSlice[], port: ServicePort, service: Service): readonly Endpoint[] {
  const family = slices.some((slice) => slice.addressType === "IPv4") ? "IPv4" : "IPv6";
  const ready = new Map<string, Endpoint>();
  const leaving = new Map<string, Endpoint>();
  for (const slice of slices) {
    if (slice.addressType !== family) continue;
    const number = portNumber(slice, port, service);
    if (number === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      // Absent conditions mean true for ready and serving, false for terminating (discovery.k8s.io/v1).
      const { ready: isReady = true, serving = isReady, terminating = false } = endpoint.conditions ?? {};
      if (isReady) add(ready, endpoint, number, false);
      else if (serving && terminating) add(leaving, endpoint, number, true);
    }
  }
  return [...(ready.size > 0 ? ready : leaving).values()].sort(byAddress);
}

/**
 * Ports of slices belong to those of the Service by name; a Service's only port may have none. A port that has just got another
 * name (a second port makes one necessary) goes on as before until the controller has written its slices anew: there it is still
 * the one whose name no port of the Service has.
 */
function portNumber({ metadata, ports = [] }: EndpointSlice, port: ServicePort, service: Service): number | undefined {
  const known = ports?.find((p) => isTcp(p) && nameOf(p) === nameOf(port));
  if (known || metadata.labels?.["endpointslice.kubernetes.io/managed-by"] !== MANAGER) return known?.port;
  const names = new Set(service.spec.ports?.map(nameOf));
  const target = port.targetPort ?? port.port;
  return ports?.find((p) => isTcp(p) && !names.has(nameOf(p)) && p.port === target)?.port;
}

const isTcp = ({ protocol = "TCP" }: { readonly protocol?: string | undefined }): boolean => protocol === "TCP";
const nameOf = ({ name = "" }: { readonly name?: string | undefined }): string => name;

/**
 * An endpoint that is moved between slices may be in both for a moment, and an address may already belong to a new pod:
 * an address and port count once, under the first pod by name, so that the order of the slices does not matter.
 */
function add(into: Map<string, Endpoint>, endpoint: SliceEndpoint, port: number, terminating: boolean): void {
  const address = endpoint.addresses[0];
  if (address === undefined) return;
  const target = endpoint.targetRef;
  const pod = target?.kind === "Pod" && target.name ? `${target.namespace ?? ""}/${target.name}` : undefined;
  const key = `${address}:${port}`;
  const known = into.get(key)?.pod;
  if (known !== undefined && (pod === undefined || known <= pod)) return;
  into.set(key, { address, port, ...(pod !== undefined && { pod }), ...(terminating && { terminating: true }) });
}

function byAddress(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
