import type { Pod, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";

/** Services and slices of one namespace or several. */
export interface Names {
  readonly services: readonly Service[];
  /** Those of headless Services are looked at: their names mean the pods themselves. */
  readonly slices: readonly EndpointSlice[];
}

const DOMAIN = "cluster.local";

/**
 * The text of /etc/hosts for a pod: itself, and every Service under the names that Kubernetes' DNS has for it; the
 * short one only in its own namespace.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
export function hostsFile(pod: Pod, podIP: string, hostname: string, { services, slices }: Names): string {
  const lines = ["# Managed by sluice.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"];
  const namespace = pod.metadata.namespace ?? "";
  const subdomain = pod.spec.subdomain;
  const own = subdomain ? `${hostname}.${subdomain}.${namespace}.svc.${DOMAIN}\t${hostname}` : hostname;
  lines.push(`${podIP}\t${own}`);
  for (const service of services) {
    const names = namesOf(service, namespace).join(" ");
    for (const address of addressesOf(service, slices)) lines.push(`${address}\t${names}`);
  }
  for (const { ip, hostnames = [] } of pod.spec.hostAliases ?? []) lines.push(`${ip}\t${hostnames.join("\t")}`);
  return `${lines.join("\n")}\n`;
}

function namesOf({ metadata }: Service, namespace: string): readonly string[] {
  const qualified = `${metadata.name}.${metadata.namespace ?? ""}`;
  const names = [`${qualified}.svc.${DOMAIN}`, `${qualified}.svc`, qualified];
  return metadata.namespace === namespace ? [metadata.name, ...names] : names;
}

function addressesOf({ metadata, spec }: Service, slices: readonly EndpointSlice[]): readonly string[] {
  if (spec.type === "ExternalName" || !spec.clusterIP) return [];
  if (spec.clusterIP !== "None") return [spec.clusterIP];
  const addresses = slices
    .filter(
      (slice) =>
        slice.metadata.namespace === metadata.namespace &&
        slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name,
    )
    .flatMap(({ endpoints }) => (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false))
    .flatMap((endpoint) => endpoint.addresses);
  return [...new Set(addresses)].sort();
}
