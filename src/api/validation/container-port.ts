import type { Container, ContainerPort } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { portNameProblems, portNumberProblems } from "./names.ts";

export const PROTOCOLS: readonly string[] = ["SCTP", "TCP", "UDP"];

export function validateContainerPorts(ports: readonly ContainerPort[], path: FieldPath, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const portPath = path.index(i);
    if (port.name) {
      const problems = portNameProblems(port.name);
      errors.invalidAll(portPath.child("name"), port.name, problems);
      if (problems.length === 0 && names.has(port.name)) errors.duplicate(portPath.child("name"), port.name);
      names.add(port.name);
    }
    if (!port.containerPort) errors.required(portPath.child("containerPort"));
    else errors.invalidAll(portPath.child("containerPort"), port.containerPort, portNumberProblems(port.containerPort));
    if (port.hostPort) errors.invalidAll(portPath.child("hostPort"), port.hostPort, portNumberProblems(port.hostPort));
    errors.requiredOneOf(portPath.child("protocol"), port.protocol, PROTOCOLS);
  }
}

/** No two containers can have the same port of the node. */
export function validateHostPorts(containers: readonly Container[], path: FieldPath, errors: FieldErrors): void {
  const taken = new Set<string>();
  for (const [i, { ports = [] }] of containers.entries()) {
    for (const [j, { hostPort, hostIP = "", protocol = "" }] of ports.entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.duplicate(path.index(i).child("ports").index(j).child("hostPort"), key);
      taken.add(key);
    }
  }
}

/** On the node's own network, a container's port is the node's. */
export function validateHostNetworkPorts(
  containers: readonly Container[],
  isPod: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, { ports = [] }] of containers.entries()) {
    for (const [j, { hostPort = 0, containerPort }] of ports.entries()) {
      if (hostPort === containerPort || (hostPort === 0 && !isPod)) continue;
      const portPath = path.index(i).child("ports").index(j).child("hostPort");
      errors.invalid(portPath, hostPort, "must match `containerPort` when `hostNetwork` is true");
    }
  }
}
