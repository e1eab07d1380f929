import type { Pod, Service } from "../../api/generated/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { Draft } from "../../api/object.ts";
import { jsonEqual, type JsonValue } from "../../lib/json.ts";
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
  type PodPort,
  portsOf,
  TRIGGER_TIME,
  triggerTime,
} from "./service-pods.ts";

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "endpointslice-controller.k8s.io";

const MAX_ENDPOINTS = 100;

export interface EndpointSliceView {
  readonly service: Service;
  /** The pods that the Service's selector matches. */
  readonly pods: readonly Pod[];
  /** The slices of the Service that this controller made. */
  readonly slices: readonly EndpointSlice[];
  /** Zones of nodes (label topology.kubernetes.io/zone) by node name. */
  readonly zones: Readonly<Record<string, string>>;
}

export type EndpointSliceAction =
  | { readonly kind: "createSlice"; readonly object: Draft<EndpointSlice>; readonly why: string }
  | { readonly kind: "updateSlice"; readonly object: EndpointSlice; readonly why: string }
  | { readonly kind: "deleteSlice"; readonly slice: EndpointSlice; readonly why: string };

/** Endpoints of pods that have the same ports. */
interface Group {
  readonly type: AddressType;
  readonly ports: readonly PodPort[];
  readonly endpoints: Map<string, Endpoint>;
}

/** What a slice is to hold; `slice` is absent for one that is to be made. */
interface Filling {
  readonly slice?: EndpointSlice;
  readonly group: Group | Placeholder;
  readonly endpoints: readonly Endpoint[];
}

/** A Service without any endpoint has one empty slice. */
interface Placeholder {
  readonly type: AddressType;
  readonly ports: readonly [];
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
  const unused = view.slices.filter((slice) => !fillings.some((filling) => filling.slice === slice));
  return write(view, fillings, unused);
}

function fill(view: EndpointSliceView, type: AddressType): readonly Filling[] {
  const groups = groupByPorts(view, type);
  const slices = view.slices.filter((slice) => slice.addressType === type);
  const fillings = [...groups.values()].flatMap((group) => fillGroup(group, slices));
  if (fillings.length > 0) return fillings;
  const empty = slices.find(isPlaceholder);
  return [{ ...(empty && { slice: empty }), group: { type, ports: [] }, endpoints: [] }];
}

function isPlaceholder({ endpoints, ports }: EndpointSlice): boolean {
  return (endpoints ?? []).length === 0 && (ports ?? []).length === 0;
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

function portsKey(ports: EndpointSlice["ports"] | readonly PodPort[]): string {
  const keys = (ports ?? []).map(({ name = "", port = 0, protocol = "TCP", appProtocol = "" }) =>
    [name, port, protocol, appProtocol].join("/"),
  );
  return keys.sort().join(",");
}

function endpointOf(service: Service, pod: Pod, address: string, zones: Readonly<Record<string, string>>): Endpoint {
  const { namespace = "", name, uid } = pod.metadata;
  const hostname = hostnameOf(service, pod);
  const { nodeName } = pod.spec;
  const zone = nodeName === undefined ? undefined : zones[nodeName];
  return {
    addresses: [address],
    conditions: { ...conditionsOf(service, pod) },
    ...(hostname !== undefined && { hostname }),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
  };
}

/**
 * Keeps what is in its place, fills up slices that change anyway, then one other slice that has room for all the rest, and makes new
 * slices otherwise.
 */
function fillGroup(group: Group, slices: readonly EndpointSlice[]): readonly Filling[] {
  const key = portsKey(group.ports);
  const left = new Map(group.endpoints);
  const kept = slices
    .filter((slice) => !isPlaceholder(slice) && portsKey(slice.ports) === key)
    .map((slice) => ({ slice, endpoints: takeKept(slice, left) }));
  const changed = kept.filter(({ slice, endpoints }) => !sameEndpoints(slice.endpoints, endpoints));
  for (const { endpoints } of changed) moveFrom(left, endpoints);
  const roomy = kept
    .filter(({ endpoints }) => left.size > 0 && endpoints.length + left.size <= MAX_ENDPOINTS)
    .sort((a, b) => b.endpoints.length - a.endpoints.length)[0];
  if (roomy) moveFrom(left, roomy.endpoints);
  const fillings: Filling[] = kept
    .filter(({ endpoints }) => endpoints.length > 0)
    .map(({ slice, endpoints }) => ({ slice, group, endpoints }));
  while (left.size > 0) {
    const endpoints: Endpoint[] = [];
    moveFrom(left, endpoints);
    fillings.push({ group, endpoints });
  }
  return fillings;
}

/** The endpoints of the slice that are still wanted, as they are now, taken out of `left`. */
function takeKept(slice: EndpointSlice, left: Map<string, Endpoint>): Endpoint[] {
  const kept: Endpoint[] = [];
  for (const { targetRef } of slice.endpoints ?? []) {
    const endpoint = left.get(targetRef?.uid ?? "");
    if (!endpoint) continue;
    kept.push(endpoint);
    left.delete(targetRef?.uid ?? "");
  }
  return kept;
}

/** Moves as many endpoints as the slice has room for. */
function moveFrom(left: Map<string, Endpoint>, into: Endpoint[]): void {
  for (const [uid, endpoint] of left) {
    if (into.length >= MAX_ENDPOINTS) return;
    into.push(endpoint);
    left.delete(uid);
  }
}

function sameEndpoints(a: EndpointSlice["endpoints"], b: readonly Endpoint[]): boolean {
  return jsonEqual((a ?? []) as unknown as JsonValue, b as unknown as JsonValue);
}

/** Slices that are not needed any more become those that are to be made, before anything is created or deleted. */
function write(
  view: EndpointSliceView,
  fillings: readonly Filling[],
  unused: readonly EndpointSlice[],
): readonly EndpointSliceAction[] {
  const spare = [...unused];
  const actions: EndpointSliceAction[] = [];
  for (const filling of fillings) {
    const index = filling.slice ? -1 : spare.findIndex((slice) => slice.addressType === filling.group.type);
    const slice = filling.slice ?? (index >= 0 ? spare.splice(index, 1)[0] : undefined);
    const draft = draftOf(view, filling);
    if (!slice) actions.push({ kind: "createSlice", object: draft, why: "no slice has room for these endpoints" });
    else if (!isAsWanted(slice, draft)) {
      const metadata = {
        ...slice.metadata,
        labels: draft.metadata.labels ?? {},
        annotations: annotationsOf(view, slice),
      };
      actions.push({
        kind: "updateSlice",
        object: { ...slice, ...draft, metadata },
        why: "its endpoints have changed",
      });
    }
  }
  for (const slice of spare) actions.push({ kind: "deleteSlice", slice, why: "nothing is left to put into it" });
  return actions;
}

function isAsWanted(slice: EndpointSlice, draft: Draft<EndpointSlice>): boolean {
  return (
    portsKey(slice.ports) === portsKey(draft.ports) &&
    sameEndpoints(slice.endpoints, draft.endpoints ?? []) &&
    jsonEqual(slice.metadata.labels ?? {}, draft.metadata.labels ?? {})
  );
}

function draftOf(view: EndpointSliceView, { group, endpoints }: Filling): Draft<EndpointSlice> {
  const { name, namespace, uid } = view.service.metadata;
  const owner = { apiVersion: "v1", kind: "Service", name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      labels: labelsOf(view.service),
      annotations: annotationsOf(view),
      ownerReferences: [owner],
    },
    addressType: group.type,
    endpoints,
    ports: group.ports.map((port) => ({ ...port })),
  };
}

function annotationsOf(view: EndpointSliceView, slice?: EndpointSlice): Readonly<Record<string, string>> {
  return { ...slice?.metadata.annotations, [TRIGGER_TIME]: triggerTime(view.service, view.pods) };
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
