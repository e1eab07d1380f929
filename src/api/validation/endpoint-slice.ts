import { labelValueProblems } from "../../lib/label-syntax.ts";
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from "../generated/discovery-v1.ts";
import { PROTOCOLS } from "./container-port.ts";
import { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { parseIp, validateCanonicalIp, validateEndpointIp, validateIp } from "./ip-address.ts";
import { validateLabelName, validateLabels } from "./labels.ts";
import { labelProblems, type NameRule, subdomainProblems } from "./names.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const MAX_PORTS = 20_000;
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_TOPOLOGY_LABELS = 16;
const MAX_HINTS = 8;

export function validateEndpointSlice(slice: EndpointSlice, errors: FieldErrors): void {
  validateTypeAndPorts(slice, errors);
  validateEndpointList(slice, errors);
}

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice, errors: FieldErrors): void {
  validateTypeAndPorts(slice, errors);
  const found = new FieldErrors();
  validateEndpointList(slice, found);
  // What an older server let in can stay.
  if (!found.none && !isDeepEqual(slice.endpoints, old.endpoints)) errors.addAll(found);
  if (slice.addressType !== old.addressType) errors.immutable(FieldPath.of("addressType"), slice.addressType);
}

function validateTypeAndPorts({ addressType, ports }: EndpointSlice, errors: FieldErrors): void {
  errors.requiredOneOf(FieldPath.of("addressType"), addressType, ADDRESS_TYPES);
  validatePorts(ports ?? [], FieldPath.of("ports"), errors);
}

function validatePorts(ports: readonly EndpointPort[], path: FieldPath, errors: FieldErrors): void {
  if (ports.length > MAX_PORTS) return errors.tooMany(path, ports.length, MAX_PORTS);
  const names = new Set<string>();
  for (const [i, { name = "", protocol, appProtocol }] of ports.entries()) {
    const portPath = path.index(i);
    if (name !== "") errors.invalidAll(portPath.child("name"), name, labelProblems(name));
    if (names.has(name)) errors.duplicate(portPath.child("name"), name);
    names.add(name);
    if (protocol === undefined) errors.required(portPath.child("protocol"));
    else errors.oneOf(portPath.child("protocol"), protocol, PROTOCOLS);
    if (appProtocol !== undefined) validateLabelName(appProtocol, portPath.child("appProtocol"), errors);
  }
}

function validateEndpointList({ endpoints, addressType }: EndpointSlice, errors: FieldErrors): void {
  const path = FieldPath.of("endpoints");
  const list = endpoints ?? [];
  if (list.length > MAX_ENDPOINTS) return errors.tooMany(path, list.length, MAX_ENDPOINTS);
  for (const [i, endpoint] of list.entries()) validateEndpoint(endpoint, addressType, path.index(i), errors);
}

function validateEndpoint(endpoint: Endpoint, type: string, path: FieldPath, errors: FieldErrors): void {
  const addresses = endpoint.addresses ?? [];
  const addressPath = path.child("addresses");
  if (addresses.length === 0) errors.required(addressPath, "must contain at least 1 address");
  else if (addresses.length > MAX_ADDRESSES) errors.tooMany(addressPath, addresses.length, MAX_ADDRESSES);
  for (const [i, address] of addresses.entries()) validateAddress(address, type, addressPath, i, errors);
  const { nodeName, hostname, hints, deprecatedTopology = {} } = endpoint;
  if (nodeName !== undefined) errors.invalidAll(path.child("nodeName"), nodeName, subdomainProblems(nodeName));
  const labels = Object.keys(deprecatedTopology).length;
  const topologyPath = path.child("deprecatedTopology");
  if (labels > MAX_TOPOLOGY_LABELS) errors.tooMany(topologyPath, labels, MAX_TOPOLOGY_LABELS);
  validateLabels(deprecatedTopology, topologyPath, errors);
  if (hostname !== undefined) errors.invalidAll(path.child("hostname"), hostname, labelProblems(hostname));
  if (hints) validateHints(hints, path.child("hints"), errors);
}

/** Addresses of types that are not known go through; the type itself is refused. */
function validateAddress(address: string, type: string, path: FieldPath, index: number, errors: FieldErrors): void {
  if (type === "FQDN") return validateDomain(address, path.index(index), errors);
  if (type !== "IPv4" && type !== "IPv6") return;
  const found = new FieldErrors();
  if (type === "IPv4") validateIp(address, path.index(index), found);
  else validateCanonicalIp(address, path.index(index), found);
  if (!found.none) return errors.addAll(found);
  if (parseIp(address)?.family !== type) errors.invalid(path, address, `must be an ${type} address`);
  validateEndpointIp(address, path.index(index), errors);
}

function validateDomain(address: string, path: FieldPath, errors: FieldErrors): void {
  if (address === "") return errors.required(path);
  const name = address.replace(/\.$/, "");
  const labels = name.split(".");
  const problems = subdomainProblems(name);
  if (problems.length > 0) return errors.invalid(path, name, problems.join(","));
  if (labels.length < 2)
    return errors.invalid(path, name, "should be a domain with at least two segments separated by dots");
  for (const label of labels) {
    const labelErrors = labelProblems(label);
    if (labelErrors.length > 0) return errors.invalid(path, label, labelErrors.join(","));
  }
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: FieldPath, errors: FieldErrors): void {
  const zonesPath = path.child("forZones");
  if (forZones.length > MAX_HINTS) return errors.tooMany(zonesPath, forZones.length, MAX_HINTS);
  validateNames(forZones, labelValueProblems, zonesPath, errors);
  const nodesPath = path.child("forNodes");
  if (forNodes.length > MAX_HINTS) return errors.tooMany(nodesPath, forNodes.length, MAX_HINTS);
  validateNames(forNodes, subdomainProblems, nodesPath, errors);
}

function validateNames(
  items: readonly { readonly name: string }[],
  rule: NameRule,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  for (const [i, { name }] of items.entries()) {
    const namePath = path.index(i).child("name");
    if (names.has(name)) errors.duplicate(namePath, name);
    names.add(name);
    errors.invalidAll(namePath, name, rule(name));
  }
}
