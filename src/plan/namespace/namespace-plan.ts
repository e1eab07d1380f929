import type { Namespace } from "../../api/generated/core-v1.ts";
import { qualifiedName, type Resource } from "../../api/resource.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";

export interface NamespaceView {
  readonly namespace: Namespace;
  /** Everything in the namespace. */
  readonly contents: readonly Content[];
}

export interface Content {
  readonly resource: Resource;
  readonly name: string;
  readonly uid: string;
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

export type NamespaceAction =
  | { readonly kind: "delete"; readonly content: Content; readonly why: string }
  /** Takes the finalizer `kubernetes` from the spec: the namespace goes. */
  | { readonly kind: "finalize"; readonly why: string };

/** The namespace's status; undefined: as it is. */
export type NamespaceStatus = Namespace["status"];
type Conditions = NonNullable<NonNullable<NamespaceStatus>["conditions"]>;

const FINALIZER = "kubernetes";

/**
 * Empties a namespace that is being deleted, pods first (they may still need the rest), and lets it go when it is empty.
 * https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace
 */
export function planNamespace(
  { namespace, contents }: NamespaceView,
  now: number,
): Plan<NamespaceAction, NamespaceStatus> {
  if (namespace.metadata.deletionTimestamp === undefined) return { actions: [], status: undefined };
  const status = { ...namespace.status, phase: "Terminating" as const };
  const conditions = conditionsOf(contents, namespace.status?.conditions ?? [], now);
  if (contents.length === 0) {
    const waiting = (namespace.spec.finalizers ?? []).includes(FINALIZER);
    return { actions: waiting ? [{ kind: "finalize", why: "it is empty" }] : [], status: { ...status, conditions } };
  }
  const pods = contents.filter(({ resource }) => resource.group === "" && resource.plural === "pods");
  const next = pods.length > 0 ? pods : contents;
  const why = pods.length > 0 ? "pods go first" : "the namespace is being deleted";
  const actions = next
    .filter(({ deleting }) => !deleting)
    .map((content): NamespaceAction => ({ kind: "delete", content, why }));
  return { actions, status: { ...status, conditions } };
}

/** In this order, and all of them from the beginning. */
function conditionsOf(contents: readonly Content[], current: Conditions, now: number): Conditions {
  const remaining = tally(
    contents.map(({ resource }) => printedName(resource)),
    "has",
  );
  const finalizers = tally(
    contents.flatMap((content) => content.finalizers),
    "in",
  );
  const found: readonly (readonly [string, boolean, string, string])[] = [
    ["NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"],
    [
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ],
    [
      "NamespaceDeletionContentFailure",
      false,
      "ContentDeleted",
      "All content successfully deleted, may be waiting on finalization",
    ],
    remaining === ""
      ? ["NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed"]
      : ["NamespaceContentRemaining", true, "SomeResourcesRemain", `Some resources are remaining: ${remaining}`],
    finalizers === ""
      ? ["NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished"]
      : [
          "NamespaceFinalizersRemaining",
          true,
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${finalizers}`,
        ],
  ];
  return found.map(([type, holds, reason, message]) => {
    const status = holds ? "True" : "False";
    const before = current.find((condition) => condition.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { type, status, lastTransitionTime: since ?? formatTimestamp(now), reason, message };
  });
}

/** Kubernetes prints the dot of the core group too: `configmaps.`, `deployments.apps`. */
function printedName(resource: Resource): string {
  return resource.group === "" ? `${resource.plural}.` : qualifiedName(resource);
}

/** `configmaps. has 1 resource instances, deployments.apps has 2 resource instances`. */
function tally(names: readonly string[], verb: "has" | "in"): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${verb} ${count} resource instances`)
    .join(", ");
}
