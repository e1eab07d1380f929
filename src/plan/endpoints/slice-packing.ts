import type { Endpoint, EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { Draft } from "../../api/object.ts";
import { jsonEqual, type JsonValue } from "../../lib/json.ts";
import type { AddressType, PodPort } from "./service-pods.ts";

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";

const MAX_ENDPOINTS = 100;

export type EndpointSliceAction =
  | { readonly kind: "createSlice"; readonly object: Draft<EndpointSlice>; readonly why: string }
  | { readonly kind: "updateSlice"; readonly object: EndpointSlice; readonly why: string }
  | { readonly kind: "deleteSlice"; readonly slice: EndpointSlice; readonly why: string };

/** Endpoints that have the same ports, each under a name by which it is found again. */
export interface Group {
  readonly type: AddressType;
  readonly ports: readonly PodPort[];
  readonly endpoints: Map<string, Endpoint>;
}

/** What a slice is to hold; `slice` is absent for one that is to be made. */
export interface Filling {
  readonly slice?: EndpointSlice;
  readonly group: Omit<Group, "endpoints">;
  readonly endpoints: readonly Endpoint[];
}

/** The name of an endpoint in its group. */
export type NameOf = (endpoint: Endpoint) => string;

/** What all slices of one origin have in common. */
export interface Heading {
  /** Labels, owner and annotations of a new slice. */
  readonly metadata: Draft<EndpointSlice>["metadata"];
  /** The annotations that a slice is to have from now on when it is written. */
  readonly annotate: (slice: EndpointSlice) => Readonly<Record<string, string>>;
  /** Whether other annotations alone are a reason to write it. */
  readonly keepsAnnotations: boolean;
}

export function portsKey(ports: EndpointSlice["ports"] | readonly PodPort[]): string {
  const keys = (ports ?? []).map(({ name = "", port = 0, protocol = "TCP", appProtocol = "" }) =>
    [name, port, protocol, appProtocol].join("/"),
  );
  return keys.sort().join(",");
}

/** The slice that says that there are no endpoints. */
export function isPlaceholder({ endpoints, ports }: EndpointSlice): boolean {
  return (endpoints ?? []).length === 0 && (ports ?? []).length === 0;
}

/**
 * Keeps what is in its place, fills up slices that change anyway, then one other slice that has room for all the rest, and makes new
 * slices otherwise.
 */
export function fillGroup(group: Group, slices: readonly EndpointSlice[], nameOf: NameOf): readonly Filling[] {
  const key = portsKey(group.ports);
  const left = new Map(group.endpoints);
  const kept = slices
    .filter((slice) => !isPlaceholder(slice) && portsKey(slice.ports) === key)
    .map((slice) => ({ slice, endpoints: takeKept(slice, left, nameOf) }));
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
function takeKept(slice: EndpointSlice, left: Map<string, Endpoint>, nameOf: NameOf): Endpoint[] {
  const kept: Endpoint[] = [];
  for (const before of slice.endpoints ?? []) {
    const name = nameOf(before);
    const endpoint = left.get(name);
    if (!endpoint) continue;
    kept.push(endpoint);
    left.delete(name);
  }
  return kept;
}

/** Moves as many endpoints as the slice has room for. */
function moveFrom(left: Map<string, Endpoint>, into: Endpoint[]): void {
  for (const [name, endpoint] of left) {
    if (into.length >= MAX_ENDPOINTS) return;
    into.push(endpoint);
    left.delete(name);
  }
}

function sameEndpoints(a: EndpointSlice["endpoints"], b: readonly Endpoint[]): boolean {
  return jsonEqual((a ?? []) as unknown as JsonValue, b as unknown as JsonValue);
}

/** Slices that are not needed any more become those that are to be made, before anything is created or deleted. */
export function writeSlices(
  heading: Heading,
  fillings: readonly Filling[],
  slices: readonly EndpointSlice[],
): readonly EndpointSliceAction[] {
  const spare = slices.filter((slice) => !fillings.some((filling) => filling.slice === slice));
  const actions: EndpointSliceAction[] = [];
  for (const filling of fillings) {
    const index = filling.slice ? -1 : spare.findIndex((slice) => slice.addressType === filling.group.type);
    const slice = filling.slice ?? (index >= 0 ? spare.splice(index, 1)[0] : undefined);
    const draft = draftOf(heading, filling);
    if (!slice) actions.push({ kind: "createSlice", object: draft, why: "no slice has room for these endpoints" });
    else if (!isAsWanted(slice, draft, heading)) {
      const labels = draft.metadata.labels ?? {};
      const metadata = { ...slice.metadata, labels, annotations: heading.annotate(slice) };
      const object = { ...slice, ...draft, metadata };
      actions.push({ kind: "updateSlice", object, why: "its endpoints have changed" });
    }
  }
  for (const slice of spare) actions.push({ kind: "deleteSlice", slice, why: "nothing is left to put into it" });
  return actions;
}

function isAsWanted(slice: EndpointSlice, draft: Draft<EndpointSlice>, heading: Heading): boolean {
  const { labels = {}, annotations = {} } = slice.metadata;
  return (
    portsKey(slice.ports) === portsKey(draft.ports) &&
    sameEndpoints(slice.endpoints, draft.endpoints ?? []) &&
    jsonEqual(labels, draft.metadata.labels ?? {}) &&
    (!heading.keepsAnnotations || jsonEqual(annotations, heading.annotate(slice)))
  );
}

function draftOf({ metadata }: Heading, { group, endpoints }: Filling): Draft<EndpointSlice> {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata,
    addressType: group.type,
    endpoints,
    ports: group.ports.map((port) => ({ ...port })),
  };
}
