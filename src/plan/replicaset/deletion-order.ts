import type { ContainerStatus, Pod } from "../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { isActive, isReady, readySince } from "../pods/readiness.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

interface Candidate {
  readonly pod: Pod;
  /** Active pods of the same owner's sets on the same node: the more, the sooner one of them goes. */
  readonly neighbours: number;
}

type Order = (a: Candidate, b: Candidate, now: number) => number;

/** In order of importance; negative: `a` goes first. */
const ORDER: readonly Order[] = [
  (a, b) => Number(isAssigned(a.pod)) - Number(isAssigned(b.pod)),
  (a, b) => phaseRank(a.pod) - phaseRank(b.pod),
  (a, b) => Number(isReady(a.pod)) - Number(isReady(b.pod)),
  (a, b) => deletionCost(a.pod) - deletionCost(b.pod),
  (a, b) => b.neighbours - a.neighbours,
  (a, b, now) => byAge(readySince(a.pod), readySince(b.pod), a.pod, b.pod, now),
  (a, b) => mostRestarts(b.pod.status?.containerStatuses) - mostRestarts(a.pod.status?.containerStatuses),
  (a, b) => mostRestarts(sidecarStatuses(b.pod)) - mostRestarts(sidecarStatuses(a.pod)),
  (a, b, now) => byAge(createdAt(a.pod), createdAt(b.pod), a.pod, b.pod, now),
];

/**
 * The `count` of `pods` whose loss costs least. `related` are the pods of all sets of the same owner; a set without an
 * owner has none, and which nodes its pods share does not count.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  now: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? "";
    if (isActive(pod)) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  return pods
    .map((pod): Candidate => ({ pod, neighbours: perNode.get(pod.spec.nodeName ?? "") ?? 0 }))
    .sort((a, b) => compare(a, b, now))
    .slice(0, count)
    .map(({ pod }) => pod);
}

function compare(a: Candidate, b: Candidate, now: number): number {
  for (const order of ORDER) {
    const difference = order(a, b, now);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec.nodeName ?? "") !== "";
}

function phaseRank(pod: Pod): number {
  return PHASES[pod.status?.phase ?? "Pending"] ?? 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
}

function createdAt(pod: Pod): number | undefined {
  return parseTimestamp(pod.metadata.creationTimestamp);
}

function mostRestarts(statuses: readonly ContainerStatus[] = []): number {
  return statuses.reduce((most, { restartCount }) => Math.max(most, restartCount), 0);
}

/** Of the init containers only those that keep running: how often the others were tried says nothing about the pod now. */
function sidecarStatuses({ spec, status }: Pod): readonly ContainerStatus[] {
  const sidecars = new Set<string>();
  for (const { name, restartPolicy } of spec.initContainers ?? []) if (restartPolicy === "Always") sidecars.add(name);
  return (status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
}

/**
 * The younger one goes first; ages within the same power of two count as equal, and then the uid decides, so that pods that started
 * together are thinned out by chance and not by their order.
 */
function byAge(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, now: number): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const difference = magnitude(now - a) - magnitude(now - b);
  if (difference !== 0) return difference;
  return podA.metadata.uid < podB.metadata.uid ? -1 : 1;
}

/** Nanoseconds in powers of two, as Kubernetes counts them. */
function magnitude(age: number): number {
  return age > 0 ? Math.floor(Math.log2(age * 1e6)) : -1;
}
