import type { Node, PersistentVolumeClaim, Pod, PodCondition } from "../../api/generated/core-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";
import { isDeleting, podCondition } from "../pods/readiness.ts";
import { allowsNode, namedNodes, preferenceFor } from "./node-affinity.ts";
import { shortagesOf, utilisation } from "./resources.ts";
import { isCordonedFor, untoleratedTaint, unwelcomeTaints } from "./taints.ts";
import { hasUnwantedNeighbour, isNearEnough, isUnwantedNeighbour, type Neighbourhood, spreadOn } from "./topology.ts";

export interface ScheduleView {
  readonly pod: Pod;
  readonly nodes: readonly Node[];
  /** All pods that are bound to a node and have not ended. */
  readonly placed: readonly Pod[];
  /** The claims of the pod's namespace by name. */
  readonly claims: Readonly<Record<string, PersistentVolumeClaim>>;
  /** Labels of namespaces by name. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type ScheduleAction =
  | { readonly kind: "bind"; readonly node: string; readonly why: string }
  | { readonly kind: "refuse"; readonly message: string; readonly why: string };

/** The pod's condition PodScheduled, when it is to be written. */
export type ScheduleStatus = PodCondition | undefined;

/** A node's answer to a pod. */
interface Refusal {
  readonly reasons: readonly string[];
  /** Taking other pods away would not help. */
  readonly forEver: boolean;
}

/**
 * Chooses a node for a pod, or says why there is none. `nothing` (no actions) for a pod that is not to be placed now.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
 */
export function planSchedule(view: ScheduleView, now: number): Plan<ScheduleAction, ScheduleStatus> {
  const { pod, nodes } = view;
  if (pod.spec.nodeName || isDeleting(pod) || (pod.status?.phase ?? "Pending") !== "Pending")
    return { actions: [], status: undefined };
  if ((pod.spec.schedulingGates ?? []).length > 0) return { actions: [], status: gated(pod, now) };
  const named = namedNodes(pod);
  const problem = named?.size === 0 ? "pod affinity terms conflict" : volumeProblem(view);
  if (problem !== undefined && nodes.length > 0)
    return refuse(pod, `0/${nodes.length} nodes are available: ${problem}. not found`, now);
  return place(view, named, now);
}

function place(
  view: ScheduleView,
  named: ReadonlySet<string> | undefined,
  now: number,
): Plan<ScheduleAction, ScheduleStatus> {
  const { pod, nodes } = view;
  const around = neighbourhood(view);
  const refusals: Refusal[] = [];
  const fitting: Node[] = [];
  for (const node of nodes) {
    const refusal = named && !named.has(node.metadata.name) ? UNNAMED : refusalOf(pod, node, around);
    if (refusal) refusals.push(refusal);
    else fitting.push(node);
  }
  const best = fitting.sort((a, b) => compareNodes(pod, a, b, around))[0];
  if (!best) return refuse(pod, messageOf(pod, refusals), now);
  const why = `${fitting.length} of ${nodes.length} nodes can take it`;
  return { actions: [{ kind: "bind", node: best.metadata.name, why }], status: undefined };
}

function neighbourhood({ nodes, placed, namespaces }: ScheduleView): Neighbourhood {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  const known = placed.flatMap((pod) => {
    const node = byName.get(pod.spec.nodeName ?? "");
    return node ? [{ pod, node }] : [];
  });
  return { placed: known, nodes, namespaces };
}

const UNNAMED: Refusal = { reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"], forEver: true };

/** In the order of Kubernetes' filters: the first one that refuses names the reason. */
function refusalOf(pod: Pod, node: Node, around: Neighbourhood): Refusal | undefined {
  const forEver = (reason: string): Refusal => ({ reasons: [reason], forEver: true });
  const forNow = (reason: string): Refusal => ({ reasons: [reason], forEver: false });
  if (isCordonedFor(pod, node)) return forEver("node(s) were unschedulable");
  if (untoleratedTaint(pod, node)) return forEver("node(s) had untolerated taint(s)");
  if (!allowsNode(pod, node)) return forEver("node(s) didn't match Pod's node affinity/selector");
  const present = around.placed.filter((other) => other.node === node).map((other) => other.pod);
  if (hasPortClash(pod, present)) return forNow("node(s) didn't have free ports for the requested pod ports");
  const shortages = shortagesOf(pod, node, present);
  if (shortages.length > 0)
    return { reasons: shortages.map(({ reason }) => reason), forEver: shortages.some((shortage) => shortage.forEver) };
  const spread = spreadOn(pod, node, around);
  if (spread === "uneven") return forNow("node(s) didn't match pod topology spread constraints");
  if (spread === "no domain")
    return forEver("node(s) didn't match pod topology spread constraints (missing required label)");
  if (!isNearEnough(pod, node, around)) return forEver("node(s) didn't match pod affinity rules");
  if (hasUnwantedNeighbour(pod, node, around)) return forNow("node(s) didn't match pod anti-affinity rules");
  if (isUnwantedNeighbour(pod, node, around)) return forNow("node(s) didn't satisfy existing pods anti-affinity rules");
  return undefined;
}

/** The better node first: welcome, preferred, with fewer siblings, less used; by name at last. */
function compareNodes(pod: Pod, a: Node, b: Node, { placed }: Neighbourhood): number {
  const owner = pod.metadata.ownerReferences?.[0]?.uid;
  const on = (node: Node): readonly Pod[] => placed.filter((other) => other.node === node).map((other) => other.pod);
  const siblings = (node: Node): number =>
    owner === undefined ? 0 : on(node).filter((other) => other.metadata.ownerReferences?.[0]?.uid === owner).length;
  return (
    unwelcomeTaints(pod, a) - unwelcomeTaints(pod, b) ||
    preferenceFor(pod, b) - preferenceFor(pod, a) ||
    siblings(a) - siblings(b) ||
    utilisation(pod, a, on(a)) - utilisation(pod, b, on(b)) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

function hasPortClash(pod: Pod, present: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  return wanted.length > 0 && present.flatMap(hostPorts).some((used) => wanted.some((port) => clash(port, used)));
}

interface HostPort {
  readonly port: number;
  readonly protocol: string;
  readonly address: string;
}

const ANY_ADDRESS = "0.0.0.0";

function hostPorts(pod: Pod): readonly HostPort[] {
  const containers = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
  ];
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, protocol = "TCP", hostIP = ANY_ADDRESS }) =>
      hostPort ? [{ port: hostPort, protocol, address: hostIP || ANY_ADDRESS }] : [],
    ),
  );
}

function clash(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.address === b.address || a.address === ANY_ADDRESS || b.address === ANY_ADDRESS;
  return a.port === b.port && a.protocol === b.protocol && sameAddress;
}

/** Why the pod's claims keep it from every node. */
function volumeProblem({ pod, claims }: ScheduleView): string | undefined {
  let unbound = false;
  for (const { name: volume, persistentVolumeClaim, ephemeral } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim && !ephemeral) continue;
    const name = persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume}`;
    const claim = claims[name];
    if (!claim) return ephemeral ? waitingFor(name) : `persistentvolumeclaim "${name}" not found`;
    if (isDeleting(claim)) return `persistentvolumeclaim "${name}" is being deleted`;
    unbound ||= claim.status?.phase !== "Bound";
  }
  return unbound ? "pod has unbound immediate PersistentVolumeClaims" : undefined;
}

function waitingFor(claim: string): string {
  return `waiting for ephemeral volume controller to create the persistentvolumeclaim "${claim}"`;
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. …`: how many nodes have each reason, sorted as text. */
function messageOf(pod: Pod, refusals: readonly Refusal[]): string {
  const total = refusals.length;
  if (total === 0) return "no nodes available to schedule pods";
  const reasons = tally(refusals.flatMap((refusal) => refusal.reasons));
  const none = `0/${total} nodes are available`;
  const victims = tally(
    refusals.map(({ forEver }) =>
      forEver ? "Preemption is not helpful for scheduling" : "No preemption victims found for incoming pod",
    ),
  );
  const preemption =
    pod.spec.preemptionPolicy === "Never" ? "not eligible due to preemptionPolicy=Never" : `${none}: ${victims}`;
  return `${none}: ${reasons}. no new claims to deallocate, preemption: ${preemption}.`;
}

function tally(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join(", ");
}

function refuse(pod: Pod, message: string, now: number): Plan<ScheduleAction, ScheduleStatus> {
  const current = podCondition(pod, "PodScheduled");
  if (current?.status === "False" && current.reason === "Unschedulable" && current.message === message)
    return { actions: [], status: undefined };
  return {
    actions: [{ kind: "refuse", message, why: "no node can take it" }],
    status: condition(pod, "Unschedulable", message, now),
  };
}

function gated(pod: Pod, now: number): ScheduleStatus {
  if (podCondition(pod, "PodScheduled")?.reason === "SchedulingGated") return undefined;
  return condition(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", now);
}

function condition(pod: Pod, reason: string, message: string, now: number): PodCondition {
  const current = podCondition(pod, "PodScheduled");
  const since = current?.status === "False" ? current.lastTransitionTime : undefined;
  const { generation } = pod.metadata;
  return {
    type: "PodScheduled",
    status: "False",
    lastTransitionTime: since ?? formatTimestamp(now),
    reason,
    message,
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}

/**
 * Whether the node could take the pod if it were empty and welcoming: when no node could, waiting does not help, the pod or the node has
 * to be changed.
 */
export function couldEverFit(pod: Pod, node: Node): boolean {
  return allowsNode(pod, node) && !shortagesOf(pod, node, []).some(({ forEver }) => forEver);
}
