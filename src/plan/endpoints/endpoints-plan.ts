import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from "../../api/generated/core-v1.ts";
import type { Draft } from "../../api/object.ts";
import { jsonEqual, type JsonValue } from "../../lib/json.ts";
import { isDeleting } from "../pods/readiness.ts";
import {
  addressOf,
  addressTypes,
  conditionsOf,
  HEADLESS_LABEL,
  hasOwnEndpoints,
  hostnameOf,
  isHeadless,
  type PodPort,
  portsOf,
} from "./service-pods.ts";
import { withTriggerTime } from "./trigger-time.ts";

export const ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by";
export const ENDPOINTS_MANAGER = "endpoint-controller";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const MAX_ADDRESSES = 1000;

export interface EndpointsView {
  readonly service: Service;
  /** The pods that the Service's selector matches. */
  readonly pods: readonly Pod[];
  /** The Endpoints of the same name, if there are any. */
  readonly endpoints?: Endpoints;
  /** When the change happened that this pass follows from, if it is one whose time is noted. */
  readonly triggerTime?: string | undefined;
}

export type EndpointsAction =
  | { readonly kind: "createEndpoints"; readonly object: Draft<Endpoints>; readonly why: string }
  | { readonly kind: "updateEndpoints"; readonly object: Endpoints; readonly why: string };

/**
 * The Endpoints of a Service: what the EndpointSlices say, in one object, for older clients. Pods that are being deleted are left out,
 * and what is over 1,000 addresses.
 * https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/
 */
export function planEndpoints({ service, pods, endpoints, triggerTime }: EndpointsView): readonly EndpointsAction[] {
  if (!hasOwnEndpoints(service) || isDeleting(service)) return [];
  const { subsets, truncated } = truncate(subsetsOf(service, pods));
  const labels = labelsOf(service);
  const { [OVER_CAPACITY]: wasTruncated, ...others } = endpoints?.metadata.annotations ?? {};
  const annotations = {
    ...withTriggerTime(others, triggerTime),
    ...(truncated && { [OVER_CAPACITY]: "truncated" }),
  };
  const { name, namespace } = service.metadata;
  if (!endpoints) {
    const metadata = { name, ...(namespace !== undefined && { namespace }), labels, annotations };
    const object: Draft<Endpoints> = {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata,
      ...(subsets.length > 0 && { subsets }),
    };
    return [{ kind: "createEndpoints", object, why: "the Service has none" }];
  }
  const unchanged =
    same(endpoints.subsets ?? [], subsets) &&
    same(endpoints.metadata.labels ?? {}, labels) &&
    (wasTruncated === "truncated") === truncated;
  if (unchanged) return [];
  const { subsets: _, ...rest } = endpoints;
  const metadata = { ...endpoints.metadata, labels, annotations };
  const object = { ...rest, metadata, ...(subsets.length > 0 && { subsets }) };
  return [{ kind: "updateEndpoints", object, why: "its addresses have changed" }];
}

const same = (a: unknown, b: unknown): boolean => jsonEqual(a as JsonValue, b as JsonValue);

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata.labels ?? {};
  return { ...labels, ...(isHeadless(service) && { [HEADLESS_LABEL]: "" }), [ENDPOINTS_MANAGED_BY]: ENDPOINTS_MANAGER };
}

/** The addresses under one port. */
interface Column {
  readonly port: PodPort | undefined;
  readonly ready: EndpointAddress[];
  readonly notReady: EndpointAddress[];
}

/** Ports that all have the same addresses share a subset. */
function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const rows = new Map<string, { ready: EndpointAddress[]; notReady: EndpointAddress[]; ports: EndpointPort[] }>();
  for (const { port, ready, notReady } of columnsOf(service, pods)) {
    const key = [ready, notReady].map((addresses) => addresses.map(({ targetRef }) => targetRef?.uid)).join("|");
    const row = rows.get(key) ?? { ready, notReady, ports: [] };
    rows.set(key, row);
    if (port) row.ports.push(endpointPort(port));
  }
  return [...rows.values()].map(({ ready, notReady, ports }) => ({
    ...(ready.length > 0 && { addresses: ready }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady }),
    ...(ports.length > 0 && { ports }),
  }));
}

function columnsOf(service: Service, pods: readonly Pod[]): readonly Column[] {
  const [family = "IPv4"] = addressTypes(service);
  const columns = new Map<string, Column>();
  for (const { pod, ip } of withAddress(pods, family)) {
    const conditions = conditionsOf(service, pod);
    if (conditions.terminating && !service.spec.publishNotReadyAddresses) continue;
    const ports = service.spec.ports?.length ? portsOf(service, pod) : isHeadless(service) ? [undefined] : [];
    for (const port of ports) {
      const key = port ? `${port.name}/${port.port}/${port.protocol}` : "";
      const column = columns.get(key) ?? { port, ready: [], notReady: [] };
      columns.set(key, column);
      (conditions.ready ? column.ready : column.notReady).push(addressEntry(service, pod, ip));
    }
  }
  return [...columns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, column]) => column);
}

/** Sorted by address, so that the same pods always give the same object. */
function withAddress(pods: readonly Pod[], family: "IPv4" | "IPv6") {
  return pods
    .flatMap((pod) => {
      const ip = addressOf(pod, family);
      return ip === undefined ? [] : [{ pod, ip }];
    })
    .sort((a, b) => compare(a.ip, b.ip) || compare(a.pod.metadata.uid, b.pod.metadata.uid));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function addressEntry(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { namespace = "", name, uid } = pod.metadata;
  const hostname = hostnameOf(service, pod);
  const { nodeName } = pod.spec;
  return {
    ip,
    ...(hostname !== undefined && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

function endpointPort({ name, port, protocol, appProtocol }: PodPort): EndpointPort {
  return { ...(name && { name }), port, protocol, ...(appProtocol !== undefined && { appProtocol }) };
}

/** Ready addresses are kept before others. */
function truncate(subsets: readonly EndpointSubset[]): { subsets: readonly EndpointSubset[]; truncated: boolean } {
  const count = (which: "addresses" | "notReadyAddresses"): number =>
    subsets.reduce((total, subset) => total + (subset[which]?.length ?? 0), 0);
  if (count("addresses") + count("notReadyAddresses") <= MAX_ADDRESSES) return { subsets, truncated: false };
  let left = MAX_ADDRESSES;
  const cut = (addresses: readonly EndpointAddress[] | undefined): readonly EndpointAddress[] => {
    const kept = (addresses ?? []).slice(0, left);
    left -= kept.length;
    return kept;
  };
  const ready = subsets.map(({ addresses }) => cut(addresses));
  const notReady = subsets.map(({ notReadyAddresses }) => cut(notReadyAddresses));
  const cutSubsets = subsets.map((subset, i): EndpointSubset => {
    const [kept = [], keptNotReady = []] = [ready[i], notReady[i]];
    return {
      ...(kept.length > 0 && { addresses: kept }),
      ...(keptNotReady.length > 0 && { notReadyAddresses: keptNotReady }),
      ...(subset.ports && { ports: subset.ports }),
    };
  });
  return {
    subsets: cutSubsets.filter((subset) => subset.addresses || subset.notReadyAddresses),
    truncated: true,
  };
}
