import type { ContainerPort, PodSpec } from "../generated/core-v1.ts";
import type { FieldPath } from "../validation/field-path.ts";
import { containersOf } from "../validation/pod-containers.ts";
import type { Warnings } from "./warnings.ts";

interface PlacedPort {
  readonly port: ContainerPort;
  readonly path: FieldPath;
}

/** Warns of ports that more than one entry names. Containers of a pod share one network. */
export function warnOfPorts(spec: PodSpec, path: FieldPath, warnings: Warnings): void {
  const seen = new Map<string, PlacedPort[]>();
  const names = new Map<string, FieldPath>();
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    for (const [i, port] of (container.ports ?? []).entries()) {
      const placed = { port, path: containerPath.child("ports").index(i) };
      warnOfName(placed, names, warnings);
      if (port.hostIP && !port.hostPort) warnings.at(placed.path, `hostIP set without hostPort: ${shown(port)}`);
      const key = `${port.containerPort}/${port.protocol}`;
      const others = seen.get(key) ?? [];
      for (const other of others) {
        const clash = clashOf(port, other.port);
        if (clash) warnings.at(placed.path, `${clash} port definition with ${other.path.toString()}`);
      }
      seen.set(key, [...others, placed]);
    }
  }
}

/** @param names where each name is used first */
function warnOfName({ port: { name }, path }: PlacedPort, names: Map<string, FieldPath>, warnings: Warnings): void {
  if (!name) return;
  const first = names.get(name)?.toString();
  if (first === undefined) names.set(name, path);
  else {
    const use = `services and probes that select ports by name will use ${first}`;
    warnings.at(path, `duplicate port name ${JSON.stringify(name)} with ${first}, ${use}`);
  }
}

function clashOf(a: ContainerPort, b: ContainerPort): string | undefined {
  const [aPort, bPort] = [a.hostPort ?? 0, b.hostPort ?? 0];
  const [aIp, bIp] = [a.hostIP ?? "", b.hostIP ?? ""];
  if (aIp === bIp && aPort === bPort) return "duplicate";
  if (aPort === 0 || bPort === 0) return "overlapping";
  return aPort === bPort && (aIp === "") !== (bIp === "") ? "dangerously ambiguous" : undefined;
}

/** As Go prints the struct. */
function shown({ name = "", hostPort = 0, containerPort, protocol, hostIP = "" }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
