import type { EndpointAddress, Endpoints, EndpointSubset, Service } from "../../api/generated/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { EventAction } from "../event.ts";
import { isDeleting } from "../pods/readiness.ts";
import type { AddressType } from "./service-pods.ts";
import {
  type EndpointSliceAction,
  fillGroup,
  type Group,
  type Heading,
  MANAGED_BY_LABEL,
  portsKey,
  SERVICE_NAME_LABEL,
  writeSlices,
} from "./slice-packing.ts";
import { TRIGGER_TIME } from "./trigger-time.ts";

export const MIRROR_MANAGER = "endpointslicemirroring-controller.k8s.io";

const SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror";
/** Older programs keep the lock of their leader election in Endpoints. */
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ADDRESSES = 1000;
const TYPES: readonly AddressType[] = ["IPv4", "IPv6"];

export interface MirrorView {
  readonly endpoints?: Endpoints | undefined;
  /** The Service of the same name. */
  readonly service?: Service | undefined;
  /** The slices that mirror these Endpoints. */
  readonly slices: readonly EndpointSlice[];
}

/**
 * EndpointSlices with what somebody has written into the Endpoints of a Service without a selector, so that who reads slices only
 * finds those addresses too.
 * https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors
 */
export function planMirror({ endpoints, service, slices }: MirrorView): readonly (EndpointSliceAction | EventAction)[] {
  if (!endpoints || !isMirrored(endpoints, service)) return writeSlices(NOTHING, [], slices);
  const subsets = (endpoints.subsets ?? []).map(firstAddresses);
  const skipped = subsets.reduce((total, subset) => total + subset.skipped, 0);
  const fillings = TYPES.flatMap((type) => {
    const present = slices.filter((slice) => slice.addressType === type);
    return [...groupsOf(subsets, type).values()].flatMap((group) => fillGroup(group, present, addressOf));
  });
  const actions = writeSlices(headingOf(endpoints), fillings, slices);
  return skipped > 0 && actions.length > 0 ? [...actions, tooMany(skipped)] : actions;
}

const NOTHING: Heading = { metadata: {}, annotate: () => ({}), keepsAnnotations: false };

function isMirrored({ metadata }: Endpoints, service: Service | undefined): boolean {
  if (!service || isDeleting(service) || Object.keys(service.spec.selector ?? {}).length > 0) return false;
  return metadata.labels?.[SKIP_MIRROR_LABEL] !== "true" && metadata.annotations?.[LEADER] === undefined;
}

interface Addresses extends Pick<EndpointSubset, "ports"> {
  readonly endpoints: readonly Endpoint[];
  /** How many more there were. */
  readonly skipped: number;
}

/** Ready ones first. */
function firstAddresses({ addresses = [], notReadyAddresses = [], ports }: EndpointSubset): Addresses {
  const all = [
    ...addresses.map((address) => endpointOf(address, true)),
    ...notReadyAddresses.map((address) => endpointOf(address, false)),
  ];
  const skipped = Math.max(0, all.length - MAX_ADDRESSES);
  return { endpoints: all.slice(0, MAX_ADDRESSES), skipped, ...(ports && { ports }) };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(targetRef && { targetRef }),
    ...(nodeName && { nodeName }),
  };
}

function groupsOf(subsets: readonly Addresses[], type: AddressType): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const { endpoints, ports: given = [] } of subsets) {
    const ports = given.map(({ name = "", port, protocol = "TCP", appProtocol }) => {
      return { name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) };
    });
    const key = portsKey(ports);
    const group = groups.get(key) ?? { type, ports, endpoints: new Map<string, Endpoint>() };
    for (const endpoint of endpoints) {
      const address = addressOf(endpoint);
      if (address.includes(":") === (type === "IPv6")) group.endpoints.set(address, endpoint);
    }
    groups.set(key, group);
  }
  return groups;
}

function addressOf({ addresses }: Endpoint): string {
  return addresses[0] ?? "";
}

function headingOf({ metadata }: Endpoints): Heading {
  const { name, namespace, uid } = metadata;
  const owner = { apiVersion: "v1", kind: "Endpoints", name, uid, controller: true, blockOwnerDeletion: true };
  const { [TRIGGER_TIME]: _, [LAST_APPLIED]: __, ...annotations } = metadata.annotations ?? {};
  return {
    metadata: {
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...metadata.labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MIRROR_MANAGER },
      annotations,
      ownerReferences: [owner],
    },
    annotate: () => annotations,
    keepsAnnotations: true,
  };
}

function tooMany(skipped: number): EventAction {
  const most = `A max of ${MAX_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
  return {
    kind: "event",
    type: "Warning",
    reason: "TooManyAddressesToMirror",
    message: `${most} ${skipped} addresses were skipped`,
    why: "a subset has too many addresses",
  };
}
