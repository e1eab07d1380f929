import type { Node, Taint } from "../../api/generated/core-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";

/** What is to be changed on a Node; absent parts stay. */
export interface NodeUpkeep {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** All taints that the Node is to have. */
  readonly taints?: readonly Taint[];
}

/** Older names of labels that older manifests still select by. */
const OLD_LABELS: Readonly<Record<string, string>> = {
  "kubernetes.io/os": "beta.kubernetes.io/os",
  "kubernetes.io/arch": "beta.kubernetes.io/arch",
};
const TTL = "node.alpha.kubernetes.io/ttl";

const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";
const PRESSURES: Readonly<Record<string, string>> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};
const OURS: ReadonlySet<string> = new Set([UNSCHEDULABLE, NOT_READY, UNREACHABLE, ...Object.values(PRESSURES)]);

/**
 * Keeps pods away from a Node that cannot take them, by taints after its own conditions, and gives it the labels that Kubernetes adds.
 *
 * A Node that stays silent is not declared dead and its pods are not evicted: there is one machine, its pods outlive the agent, and
 * nowhere else could they go.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-nodes-by-condition
 */
export function planNodeUpkeep(node: Node, now: number): NodeUpkeep | undefined {
  const labels = missing(node.metadata.labels ?? {}, oldLabels(node));
  const annotations = missing(node.metadata.annotations ?? {}, { [TTL]: "0" });
  const taints = taintsOf(node, now);
  const upkeep = { ...(labels && { labels }), ...(annotations && { annotations }), ...(taints && { taints }) };
  return Object.keys(upkeep).length > 0 ? upkeep : undefined;
}

function oldLabels({ metadata: { labels = {} } }: Node): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(OLD_LABELS).flatMap(([key, old]) => (labels[key] === undefined ? [] : [[old, labels[key]]])),
  ) as Readonly<Record<string, string>>;
}

function missing(
  current: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const lacking = Object.entries(wanted).filter(([key, value]) => current[key] !== value);
  return lacking.length > 0 ? Object.fromEntries(lacking) : undefined;
}

/** The Node's taints with ours as they should be; undefined when they are. */
function taintsOf({ spec, status }: Node, now: number): readonly Taint[] | undefined {
  const current = spec.taints ?? [];
  const isOurs = ({ key, effect }: Taint): boolean => OURS.has(key) && effect === "NoSchedule";
  const wanted = wantedKeys(spec.unschedulable === true, status?.conditions ?? []);
  const present = new Set(current.filter(isOurs).map(({ key }) => key));
  if (present.size === wanted.size && wanted.isSubsetOf(present)) return undefined;
  const timeAdded = formatTimestamp(now);
  return [
    ...current.filter((taint) => !isOurs(taint) || wanted.has(taint.key)),
    ...[...wanted.difference(present)].map((key): Taint => ({ key, effect: "NoSchedule", timeAdded })),
  ];
}

function wantedKeys(
  unschedulable: boolean,
  conditions: readonly { readonly type: string; readonly status: string }[],
): ReadonlySet<string> {
  const keys = new Set<string>();
  if (unschedulable) keys.add(UNSCHEDULABLE);
  const ready = conditions.find(({ type }) => type === "Ready")?.status;
  if (ready === "Unknown") keys.add(UNREACHABLE);
  else if (ready !== "True") keys.add(NOT_READY);
  for (const { type, status } of conditions) {
    const key = PRESSURES[type];
    if (key !== undefined && status === "True") keys.add(key);
  }
  return keys;
}
