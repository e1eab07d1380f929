import type { Node, Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { AdmissionView } from "../admission/admitter.ts";
import { notFound } from "../registry/failures.ts";

/** Where a container's log is to be had. */
export interface LogLocation {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** Addresses of a node, the best first. */
const ADDRESS_TYPES = ["InternalIP", "ExternalIP", "Hostname", "InternalDNS", "ExternalDNS"] as const;

/** The kubelet's address for a container's log; undefined while the pod has no node, and so no log. */
export function logLocation(
  object: KubeObject,
  container: string | undefined,
  objects: AdmissionView,
): LogLocation | undefined {
  const pod = object as Pod & KubeObject;
  const name = containerOf(pod, container);
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) return undefined;
  const node = objects.get("/nodes", nodeName) as (Node & KubeObject) | undefined;
  if (!node) throw notFound({ group: "", plural: "nodes" }, nodeName);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  const addresses = node.status?.addresses ?? [];
  const host = ADDRESS_TYPES.flatMap((type) => addresses.filter((address) => address.type === type))[0]?.address;
  if (!port || !host) throw new StatusError("InternalError", `node ${nodeName} does not say where its kubelet answers`);
  const segments = [pod.metadata.namespace ?? "", pod.metadata.name, name].map(encodeURIComponent);
  return { host, port, path: `/containerLogs/${segments.join("/")}` };
}

/** The container that is meant. Throws BadRequest when there is no such one, or none is named and there are several. */
function containerOf(pod: Pod & KubeObject, wanted: string | undefined): string {
  const names = (containers: readonly { readonly name: string }[] | undefined): string[] =>
    (containers ?? []).map((container) => container.name);
  const regular = names(pod.spec?.containers);
  const init = names(pod.spec?.initContainers);
  const ephemeral = names(pod.spec?.ephemeralContainers);
  const { name } = pod.metadata;
  if (wanted !== undefined) {
    if ([...regular, ...init, ...ephemeral].includes(wanted)) return wanted;
    throw new StatusError("BadRequest", `container ${wanted} is not valid for pod ${name}`);
  }
  const [only] = regular;
  if (regular.length === 1 && only !== undefined) return only;
  const others = [
    ...(init.length > 0 ? [` or one of the init containers: [${init.join(" ")}]`] : []),
    ...(ephemeral.length > 0 ? [` or one of the ephemeral containers: [${ephemeral.join(" ")}]`] : []),
  ];
  throw new StatusError(
    "BadRequest",
    `a container name must be specified for pod ${name}, choose one of: [${regular.join(" ")}]${others.join("")}`,
  );
}
