import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { Service } from "../../api/generated/core-v1.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Draft } from "../../api/object.ts";
import { jsonEqual, type JsonValue } from "../../lib/json.ts";
import { TEMPLATE_HASH_LABEL } from "../pods/pod-template.ts";
import type { Frontend } from "./frontends.ts";
import { newName, policyLabels, stableName } from "../gate/names.ts";

/** The pods that a Service of ours selects: those of one template, or (undefined) all of the Deployment. */
export interface Pins {
  readonly stable: string | undefined;
  readonly new: string;
}

/** The Services `-stable` and `-new` as they should be. */
export function backendServices(
  deployment: Deployment,
  policy: ReleasePolicy,
  frontends: readonly Frontend[],
  pins: Pins,
): readonly Draft<Service>[] {
  const ports = portsOf(frontends);
  const make = (name: string, hash: string | undefined): Draft<Service> => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: deployment.metadata.namespace ?? "default",
      labels: policyLabels(policy, deployment.metadata.name),
    },
    spec: {
      type: "ClusterIP",
      selector: { ...labelsOf(deployment), ...(hash !== undefined && { [TEMPLATE_HASH_LABEL]: hash }) },
      ports,
    },
  });
  const { name } = deployment.metadata;
  return [make(stableName(name), pins.stable), make(newName(name), pins.new)];
}

/** The template hash that a Service of ours selects, if it selects by one. */
export function pinOf(service: Service | undefined): string | undefined {
  return service?.spec.selector?.[TEMPLATE_HASH_LABEL];
}

/** Labels that all pods of the Deployment carry and that its selector asks for. */
function labelsOf({ spec }: Deployment): Readonly<Record<string, string>> {
  const { matchLabels = {} } = spec.selector;
  return Object.keys(matchLabels).length > 0 ? matchLabels : (spec.template.metadata?.labels ?? {});
}

type ServicePorts = NonNullable<Service["spec"]["ports"]>;

/** What we say of a port; the rest (its node port) is not ours. */
export function plainPort({ name, protocol, port, targetPort }: ServicePorts[number]): ServicePorts[number] {
  return {
    ...(name !== undefined && { name }),
    ...(protocol !== undefined && { protocol }),
    port,
    ...(targetPort !== undefined && { targetPort }),
  };
}

function portsOf(frontends: readonly Frontend[]): ServicePorts {
  const byPort = new Map(frontends.map((each) => [each.backendPort, each.targetPort]));
  return [...byPort]
    .sort(([a], [b]) => a - b)
    .map(([port, targetPort]) => ({ name: `http-${port}`, protocol: "TCP", port, targetPort }));
}

/**
 * `current` with what we own set as wanted; undefined when it is so already. The rest (addresses, others' labels) stays, and
 * so do the ports when no Service of the user is left to have any.
 */
export function serviceChange(current: Service, { metadata, spec }: Draft<Service>): Service | undefined {
  const wanted = { metadata, spec: spec.ports?.length === 0 ? { ...spec, ports: current.spec.ports ?? [] } : spec };
  const labels = { ...current.metadata.labels, ...wanted.metadata.labels };
  const ports = (current.spec.ports ?? []).map(plainPort);
  const same = [
    [labels, current.metadata.labels ?? {}],
    [wanted.spec.selector, current.spec.selector],
    [wanted.spec.ports, ports],
  ].every(([a, b]) => jsonEqual(a as JsonValue, b as JsonValue));
  if (same) return undefined;
  return {
    ...current,
    metadata: { ...current.metadata, labels },
    spec: {
      ...current.spec,
      ...(wanted.spec.selector && { selector: wanted.spec.selector }),
      ...(wanted.spec.ports && { ports: wanted.spec.ports }),
    },
  };
}
