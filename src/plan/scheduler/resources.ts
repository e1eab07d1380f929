import type { Container, Node, Pod } from "../../api/generated/core-v1.ts";
import { parseQuantity, scaledValue } from "../../lib/quantity.ts";

/** Amounts by resource name: cpu in thousandths, everything else in units (bytes). */
export type Amounts = Readonly<Record<string, number>>;

type Quantities = Readonly<Record<string, string>>;

export function amountsOf(quantities: Quantities = {}): Amounts {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, text]) => [
      name,
      Number(scaledValue(parseQuantity(text), name === "cpu" ? -3 : 0)),
    ]),
  );
}

function combine(a: Amounts, b: Amounts, pick: (a: number, b: number) => number): Amounts {
  const result: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) result[name] = pick(result[name] ?? 0, amount);
  return result;
}

const plus = (a: number, b: number): number => a + b;

export function add(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, plus);
}

/**
 * What the pod needs of a node: its containers and sidecars together, or what one of its init containers needs while the sidecars before
 * it run, whichever is more; plus the overhead of its runtime.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function requestsOf(pod: Pod): Amounts {
  const { containers, initContainers = [], overhead, resources } = pod.spec;
  let sidecars: Amounts = {};
  let starting: Amounts = {};
  for (const container of initContainers) {
    const needs = containerRequests(container);
    const isSidecar = container.restartPolicy === "Always";
    starting = combine(starting, add(sidecars, needs), Math.max);
    if (isSidecar) sidecars = add(sidecars, needs);
  }
  const running = containers.reduce((total, container) => add(total, containerRequests(container)), sidecars);
  const all = { ...combine(running, starting, Math.max), ...amountsOf(resources?.requests) };
  return add(all, amountsOf(overhead));
}

function containerRequests({ resources }: Container): Amounts {
  return amountsOf(resources?.requests);
}

export interface Shortage {
  readonly reason: string;
  /** The node would be too small even if it were empty. */
  readonly forEver: boolean;
}

/** What the node lacks to take the pod, in Kubernetes' words. `present` are the pods that it has. */
export function shortagesOf(pod: Pod, node: Node, present: readonly Pod[]): readonly Shortage[] {
  const allocatable = amountsOf(node.status?.allocatable);
  const shortages: Shortage[] = [];
  const most = allocatable["pods"] ?? 0;
  if (present.length + 1 > most) shortages.push({ reason: "Too many pods", forEver: most === 0 });
  const needs = requestsOf(pod);
  const used = present.reduce((total, other) => add(total, requestsOf(other)), {} as Amounts);
  for (const name of Object.keys(needs).sort(byImportance)) {
    const [need = 0, has = 0] = [needs[name], allocatable[name]];
    if (need > 0 && need > has - (used[name] ?? 0))
      shortages.push({ reason: `Insufficient ${name}`, forEver: need > has });
  }
  return shortages;
}

const FIRST: readonly string[] = ["cpu", "memory", "ephemeral-storage"];

function byImportance(a: string, b: string): number {
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Share (0 … 1) of the node's cpu and memory that would be in use with the pod. */
export function utilisation(pod: Pod, node: Node, present: readonly Pod[]): number {
  const allocatable = amountsOf(node.status?.allocatable);
  const used = [...present, pod].reduce((total, other) => add(total, requestsOf(other)), {} as Amounts);
  const shares = ["cpu", "memory"].map((name) => (used[name] ?? 0) / (allocatable[name] || 1));
  return shares.reduce(plus, 0) / shares.length;
}
