import type { Pod, Service } from "../../api/generated/core-v1.ts";
import type { Endpoint, EndpointHints, EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { isDeleting } from "../pods/readiness.ts";
import {
  type AddressType,
  addressOf,
  addressTypes,
  conditionsOf,
  HEADLESS_LABEL,
  hasOwnEndpoints,
  hostnameOf,
  isHeadless,
  portsOf,
} from "./service-pods.ts";
import {
  type EndpointSliceAction,
  type Filling,
  fillGroup,
  type Group,
  type Heading,
  isPlaceholder,
  MANAGED_BY_LABEL,
  portsKey,
  SERVICE_NAME_LABEL,
  writeSlices,
} from "./slice-packing.ts";
import { withTriggerTime } from "./trigger-time.ts";

export const MANAGER = "endpointslice-controller.k8s.io";

export interface EndpointSliceView {
  readonly service: Service;
  /** The pods that the Service's selector matches. */
  readonly pods: readonly Pod[];
  /** The slices of the Service that this controller made. */
  readonly slices: readonly EndpointSlice[];
  /** Zones of nodes (label topology.kubernetes.io/zone) by node name. */
  readonly zones: Readonly<Record<string, string>>;
  /** When the change happened that this pass follows from, if it is one whose time is noted. */
  readonly triggerTime?: string | undefined;
}

/**
 * The EndpointSlices of a Service: at most 100 endpoints each, one set of slices for each set of port numbers. Slices are changed as
 * little as can be, because every one that changes is sent to every watcher.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */
export function planEndpointSlices(view: EndpointSliceView): readonly EndpointSliceAction[] {
  if (!hasOwnEndpoints(view.service) || isDeleting(view.service)) return [];
  const types = addressTypes(view.service);
  const fillings = types.flatMap((type) => fill(view, type));
  return writeSlices(headingOf(view), fillings, view.slices);
}

function fill(view: EndpointSliceView, type: AddressType): readonly Filling[] {
  const groups = groupByPorts(view, type);
  const slices = view.slices.filter((slice) => slice.addressType === type);
  const fillings = [...groups.values()].flatMap((group) => fillGroup(group, slices, podOf));
  if (fillings.length > 0) return fillings;
  const empty = slices.find(isPlaceholder);
  return [{ ...(empty && { slice: empty }), group: { type, ports: [] }, endpoints: [] }];
}

/** An endpoint goes by the uid of its pod. */
function podOf({ targetRef }: Endpoint): string {
  return targetRef?.uid ?? "";
}

function groupByPorts({ service, pods, zones }: EndpointSliceView, type: AddressType): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const address = addressOf(pod, type);
    if (address === undefined) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { type, ports, endpoints: new Map<string, Endpoint>() };
    groups.set(key, group);
    group.endpoints.set(pod.metadata.uid, endpointOf(service, pod, address, zones));
  }
  return groups;
}

function endpointOf(service: Service, pod: Pod, address: string, zones: Readonly<Record<string, string>>): Endpoint {
  const { namespace = "", name, uid } = pod.metadata;
  const hostname = hostnameOf(service, pod);
  const { nodeName } = pod.spec;
  const zone = nodeName === undefined ? undefined : zones[nodeName];
  const conditions = conditionsOf(service, pod);
  const hints = conditions.ready ? hintsFor(service, nodeName, zone) : undefined;
  return {
    addresses: [address],
    conditions: { ...conditions },
    ...(hostname !== undefined && { hostname }),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
    ...(hints && { hints }),
  };
}

/**
 * Who should use the endpoint first, when the Service wants short ways.
 * https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution
 */
function hintsFor({ spec }: Service, node: string | undefined, zone: string | undefined): EndpointHints | undefined {
  const { trafficDistribution } = spec;
  if (trafficDistribution === undefined) return undefined;
  const nodes = trafficDistribution === "PreferSameNode" && node ? [{ name: node }] : [];
  const zones = zone ? [{ name: zone }] : [];
  if (nodes.length + zones.length === 0) return undefined;
  return { ...(zones.length > 0 && { forZones: zones }), ...(nodes.length > 0 && { forNodes: nodes }) };
}

function headingOf({ service, triggerTime }: EndpointSliceView): Heading {
  const { name, namespace, uid } = service.metadata;
  const owner = { apiVersion: "v1", kind: "Service", name, uid, controller: true, blockOwnerDeletion: true };
  return {
    metadata: {
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      labels: labelsOf(service),
      annotations: withTriggerTime({}, triggerTime),
      ownerReferences: [owner],
    },
    annotate: ({ metadata }) => withTriggerTime(metadata.annotations ?? {}, triggerTime),
    keepsAnnotations: false,
  };
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) && { [HEADLESS_LABEL]: "" }),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGER,
  };
}
