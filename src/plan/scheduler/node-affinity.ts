import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from "../../api/generated/core-v1.ts";

/**
 * Whether the pod's nodeSelector and required node affinity allow the node.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
 */
export function allowsNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/**
 * The only nodes that the pod's required node affinity names, when every term of it names some (a term's demands must all hold, one term
 * is enough). Kubernetes looks at no other node, and says so in other words than of nodes that it has looked at.
 */
export function namedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const names = terms.map(namedIn);
  if (names.length === 0) return undefined;
  return names.reduce((all, some) => all && some && all.union(some), new Set<string>());
}

function namedIn({ matchFields = [] }: NodeSelectorTerm): ReadonlySet<string> | undefined {
  const demands = matchFields.filter(({ key, operator }) => key === "metadata.name" && operator === "In");
  const [first, ...others] = demands.map(({ values }) => new Set(values));
  return others.reduce<ReadonlySet<string> | undefined>((all, names) => all?.intersection(names), first);
}

/** How much the pod would like this node: the sum of the weights of its preferences. */
export function preferenceFor(pod: Pod, node: Node): number {
  const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred.reduce((total, { weight, preference }) => total + (matchesTerm(preference, node) ? weight : 0), 0);
}

/** All requirements must hold; a term without any matches no node. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields = { "metadata.name": node.metadata.name };
  return (
    matchExpressions.every((requirement) => matchesRequirement(requirement, node.metadata.labels ?? {})) &&
    matchFields.every((requirement) => matchesRequirement(requirement, fields))
  );
}

function matchesRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return isInteger(value) && isInteger(values[0]) && Number(value) > Number(values[0]);
    case "Lt":
      return isInteger(value) && isInteger(values[0]) && Number(value) < Number(values[0]);
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[+-]?\d+$/.test(text);
}
