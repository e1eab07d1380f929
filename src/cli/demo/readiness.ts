import type { Pod } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { isDeleting, isReady } from "../../plan/pods/readiness.ts";

/** Pods that are ready and that nobody has begun to take away. */
export function readyPods(pods: readonly Pod[], labels: Readonly<Record<string, string>>): readonly Pod[] {
  return pods.filter((pod) => hasLabels(pod, labels) && isReady(pod) && !isDeleting(pod));
}

export function hasLabels({ metadata }: Pod, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value);
}

/** Addresses of the Service that get its traffic. */
export function readyAddresses(slices: readonly EndpointSlice[], service: string): ReadonlySet<string> {
  const own = slices.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
  const ready = own
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter(({ conditions }) => conditions?.ready !== false && !conditions?.terminating);
  return new Set(ready.flatMap(({ addresses }) => addresses));
}

/** The lowest that a number has been. */
export class Floor {
  readonly #read: () => number;
  #lowest = Number.POSITIVE_INFINITY;

  constructor(read: () => number) {
    this.#read = read;
    this.look();
  }

  look(): void {
    this.#lowest = Math.min(this.#lowest, this.#read());
  }

  get lowest(): number {
    return this.#lowest;
  }
}
