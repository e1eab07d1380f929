import type { Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from "../../api/generated/core-v1.ts";
import { labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";
import { allowsNode } from "./node-affinity.ts";
import { untoleratedTaint } from "./taints.ts";

/** A pod and the node that it is on. */
export interface Placed {
  readonly pod: Pod;
  readonly node: Node;
}

export interface Neighbourhood {
  readonly placed: readonly Placed[];
  readonly nodes: readonly Node[];
  /** Labels of namespaces by name. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Whether the term of `owner` is about `other`. */
function selects(term: PodAffinityTerm, owner: Pod, other: Pod, { namespaces }: Neighbourhood): boolean {
  const namespace = other.metadata.namespace ?? "";
  const named = term.namespaces ?? [];
  const own = named.length === 0 && !term.namespaceSelector;
  const inScope =
    (own && namespace === owner.metadata.namespace) ||
    named.includes(namespace) ||
    (term.namespaceSelector !== undefined &&
      matchesLabels(labelSelectorOf(term.namespaceSelector), namespaces[namespace] ?? {}));
  return inScope && matchesLabels(labelSelectorOf(term.labelSelector), other.metadata.labels);
}

function sharesDomain(key: string, a: Node, b: Node): boolean {
  const domain = a.metadata.labels?.[key];
  return domain !== undefined && domain === b.metadata.labels?.[key];
}

/**
 * Whether the pods that the pod wants to be near are near. The first pod of a group that is to be together may go anywhere.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
export function isNearEnough(pod: Pod, node: Node, around: Neighbourhood): boolean {
  const terms = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (terms.length === 0) return true;
  if (!terms.every((term) => node.metadata.labels?.[term.topologyKey] !== undefined)) return false;
  const wanted = (other: Pod): boolean => terms.every((term) => selects(term, pod, other, around));
  const group = around.placed.filter((other) => wanted(other.pod));
  if (group.length === 0) return wanted(pod);
  return terms.every((term) => group.some((other) => sharesDomain(term.topologyKey, node, other.node)));
}

/** Whether a pod that the pod must not be near is near. */
export function hasUnwantedNeighbour(pod: Pod, node: Node, around: Neighbourhood): boolean {
  return antiAffinity(pod).some((term) =>
    around.placed.some(
      (other) => sharesDomain(term.topologyKey, node, other.node) && selects(term, pod, other.pod, around),
    ),
  );
}

/** Whether a pod is near that must not be near this one. */
export function isUnwantedNeighbour(pod: Pod, node: Node, around: Neighbourhood): boolean {
  return around.placed.some((other) =>
    antiAffinity(other.pod).some(
      (term) => sharesDomain(term.topologyKey, node, other.node) && selects(term, other.pod, pod, around),
    ),
  );
}

function antiAffinity(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

export type Spread = "even" | "uneven" | "no domain";

/**
 * Whether the pod on this node would leave its group spread evenly enough.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
export function spreadOn(pod: Pod, node: Node, around: Neighbourhood): Spread {
  const constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
  );
  for (const constraint of constraints) {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    if (domain === undefined) return "no domain";
    const counts = countByDomain(pod, constraint, around);
    const isMember = matchesLabels(groupOf(pod, constraint), pod.metadata.labels);
    const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    if ((counts.get(domain) ?? 0) + (isMember ? 1 : 0) - least > constraint.maxSkew) return "uneven";
  }
  return "even";
}

function groupOf(pod: Pod, { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint) {
  const own = matchLabelKeys.flatMap((key) => {
    const value = pod.metadata.labels?.[key];
    return value === undefined ? [] : [{ key, operator: "In", values: [value] }];
  });
  if (!labelSelector) return labelSelectorOf(undefined);
  return labelSelectorOf({
    ...labelSelector,
    matchExpressions: [...(labelSelector.matchExpressions ?? []), ...own],
  });
}

/** Pods of the group in each domain that the pod may go to. */
function countByDomain(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  { nodes, placed }: Neighbourhood,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const eligible = nodes.filter(
    (node) =>
      (constraint.nodeAffinityPolicy === "Ignore" || allowsNode(pod, node)) &&
      (constraint.nodeTaintsPolicy !== "Honor" || !untoleratedTaint(pod, node)),
  );
  for (const node of eligible) {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    if (domain !== undefined) counts.set(domain, 0);
  }
  const selector = groupOf(pod, constraint);
  for (const { pod: other, node } of placed) {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    const count = domain === undefined || !eligible.includes(node) ? undefined : counts.get(domain);
    const isMember =
      other.metadata.namespace === pod.metadata.namespace &&
      other.metadata.deletionTimestamp === undefined &&
      matchesLabels(selector, other.metadata.labels);
    if (domain !== undefined && count !== undefined && isMember) counts.set(domain, count + 1);
  }
  return counts;
}
