import type { Container, Pod, ResourceFieldSelector } from "../../api/generated/core-v1.ts";
import { quoteGo } from "../../lib/go-format.ts";
import { parseQuantity, scaledValue } from "../../lib/quantity.ts";

/** What a pod can be told of itself that is not in its specification. */
export interface PodPlace {
  readonly hostIP: string;
  readonly podIP: string;
  /** What the node has to give, by resource; stands in for limits that a container does not have. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/**
 * The value behind a `fieldRef`; undefined for a path that does not exist.
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */
export function podField(pod: Pod, place: PodPlace, path: string): string | undefined {
  const { metadata, spec } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2] ?? ""] ?? "";
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "metadata.labels": formatMap(metadata.labels),
    "metadata.annotations": formatMap(metadata.annotations),
    "spec.nodeName": spec.nodeName ?? "",
    "spec.serviceAccountName": spec.serviceAccountName ?? "",
    "status.hostIP": place.hostIP,
    "status.hostIPs": place.hostIP,
    "status.podIP": place.podIP,
    "status.podIPs": place.podIP,
  };
  return fields[path];
}

/** `key="value"` a line, sorted, as the downward API writes labels into a file. */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quoteGo(value)}`)
    .join("\n");
}

/**
 * The value behind a `resourceFieldRef`, in units of its divisor, rounded up: 1500m of CPU with divisor 1 is 2. A limit
 * that is not set is what the node has; a request that is not set is 0.
 */
export function resourceField(
  pod: Pod,
  container: Container,
  place: PodPlace,
  selector: ResourceFieldSelector,
): string | undefined {
  const of = selector.containerName ? findContainer(pod, selector.containerName) : container;
  const [kind, resource = ""] = splitOnce(selector.resource);
  if (!of || (kind !== "limits" && kind !== "requests")) return undefined;
  const unset = kind === "limits" ? place.allocatable[resource] : undefined;
  const amount = parseQuantity(of.resources?.[kind]?.[resource] ?? unset ?? "0");
  const exponent = resource === "cpu" ? -3 : 0;
  const unit = scaledValue(parseQuantity(divisorOf(selector)), exponent);
  return String((scaledValue(amount, exponent) + unit - 1n) / unit);
}

function divisorOf({ divisor }: ResourceFieldSelector): string {
  return divisor === undefined || divisor === "0" || divisor === "" ? "1" : divisor;
}

function findContainer({ spec }: Pod, name: string): Container | undefined {
  return [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);
}

function splitOnce(text: string): [string, string?] {
  const dot = text.indexOf(".");
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}
