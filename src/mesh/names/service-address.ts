import { NODE_ADDRESS } from "../dataplane/node-port-claims.ts";
import type { Snapshot } from "../../plan/routing/snapshot.ts";

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Where a name leads (never to a NodePort), as seen from a namespace: the address of the Service that it means, in any of the forms that Kubernetes' DNS
 * knows (`shop`, `shop.ns`, `shop.ns.svc`, `shop.ns.svc.cluster.local`), else the name itself.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
export function serviceAddress(
  { host, port }: SocketAddress,
  namespace: string,
  snapshot: Pick<Snapshot, "listeners"> | undefined,
): SocketAddress {
  const [name, of = namespace, ...domain] = host.toLowerCase().replace(/\.$/, "").split(".");
  if (!["", "svc", "svc.cluster.local"].includes(domain.join("."))) return { host, port };
  const listener = snapshot?.listeners.find(
    ({ address, port: at, service }) =>
      at === port && service.name === name && service.namespace === of && address !== NODE_ADDRESS,
  );
  return { host: listener?.address ?? host, port };
}
