import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from "../generated/core-v1.ts";
import { PROTOCOLS } from "./container-port.ts";
import { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateEndpointIp, validateIp } from "./ip-address.ts";
import { validateLabelName } from "./labels.ts";
import { labelProblems, portNumberProblems, subdomainProblems } from "./names.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/ */

export function validateEndpoints({ subsets = [] }: Endpoints, errors: FieldErrors): void {
  for (const [i, subset] of subsets.entries()) validateSubset(subset, FieldPath.of("subsets").index(i), errors);
}

/** What an older server let in can stay. */
export function validateEndpointsUpdate(endpoints: Endpoints, old: Endpoints, errors: FieldErrors): void {
  const found = new FieldErrors();
  validateEndpoints(endpoints, found);
  if (!found.none && !isDeepEqual(endpoints.subsets, old.subsets)) errors.addAll(found);
}

function validateSubset(subset: EndpointSubset, path: FieldPath, errors: FieldErrors): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  if (addresses.length === 0 && notReadyAddresses.length === 0)
    errors.required(path, "must specify `addresses` or `notReadyAddresses`");
  for (const [i, address] of addresses.entries()) validateAddress(address, path.child("addresses").index(i), errors);
  for (const [i, address] of notReadyAddresses.entries())
    validateAddress(address, path.child("notReadyAddresses").index(i), errors);
  for (const [i, port] of ports.entries())
    validateEndpointPort(port, ports.length > 1, path.child("ports").index(i), errors);
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: FieldPath, errors: FieldErrors): void {
  validateIp(ip, path.child("ip"), errors);
  if (hostname) errors.invalidAll(path.child("hostname"), hostname, labelProblems(hostname));
  if (nodeName !== undefined) errors.invalidAll(path.child("nodeName"), nodeName, subdomainProblems(nodeName));
  validateEndpointIp(ip, path.child("ip"), errors);
}

function validateEndpointPort(port: EndpointPort, isOneOfMany: boolean, path: FieldPath, errors: FieldErrors): void {
  const { name = "" } = port;
  if (name !== "") errors.invalidAll(path.child("name"), name, labelProblems(name));
  else if (isOneOfMany) errors.required(path.child("name"));
  errors.invalidAll(path.child("port"), port.port, portNumberProblems(port.port));
  errors.requiredOneOf(path.child("protocol"), port.protocol, PROTOCOLS);
  if (port.appProtocol !== undefined) validateLabelName(port.appProtocol, path.child("appProtocol"), errors);
}
