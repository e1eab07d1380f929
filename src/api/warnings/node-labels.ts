import type { NodeSelector, NodeSelectorTerm } from "../generated/core-v1.ts";
import type { FieldPath } from "../validation/field-path.ts";
import type { Warnings } from "./warnings.ts";

/** https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ["beta.kubernetes.io/arch", deprecation("1.14", "kubernetes.io/arch")],
  ["beta.kubernetes.io/os", deprecation("1.14", "kubernetes.io/os")],
  ["failure-domain.beta.kubernetes.io/region", deprecation("1.17", "topology.kubernetes.io/region")],
  ["failure-domain.beta.kubernetes.io/zone", deprecation("1.17", "topology.kubernetes.io/zone")],
  ["beta.kubernetes.io/instance-type", deprecation("1.17", "node.kubernetes.io/instance-type")],
]);

function deprecation(since: string, instead: string): string {
  return `deprecated since v${since}; use "${instead}" instead`;
}

/** What is to be said of a label of nodes that has another name today. */
export function deprecatedNodeLabel(label: string): string | undefined {
  return DEPRECATED.get(label);
}

export function warnOfNodeSelector({ nodeSelectorTerms }: NodeSelector, path: FieldPath, warnings: Warnings): void {
  for (const [i, term] of nodeSelectorTerms.entries())
    warnOfNodeSelectorTerm(term, path.child("nodeSelectorTerms").index(i), warnings);
}

export function warnOfNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, warnings: Warnings): void {
  for (const [i, { key }] of (term.matchExpressions ?? []).entries()) {
    const deprecated = deprecatedNodeLabel(key);
    const keyPath = path.child("matchExpressions").index(i).child("key");
    if (deprecated !== undefined) warnings.at(keyPath, `${key} is ${deprecated}`);
  }
}
