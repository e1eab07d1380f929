import type { Pod } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { leaseEnd } from "../routing/live-workers.ts";

export interface DrainView {
  readonly pod: Pod;
  readonly podIP: string;
  /** The slices that named the pod when the drain began, as they are now; undefined for those that are gone. */
  readonly slices: readonly (EndpointSlice | undefined)[];
  readonly workers: readonly MeshWorker[];
}

/** So long the mesh may take, at most. Milliseconds. */
export const DRAIN_TIMEOUT = 5000;
const DEFAULT_LEASE_SECONDS = 2;

/** Whether the slice counts the pod among those that get requests. */
export function namesPod({ endpoints }: EndpointSlice, { metadata }: Pod, podIP: string): boolean {
  return (endpoints ?? []).some(
    ({ targetRef, addresses, conditions }) =>
      conditions?.ready !== false && (targetRef ? targetRef.uid === metadata.uid : addresses.includes(podIP)),
  );
}

/**
 * Whether the pod can go: every slice without it is in force on every worker that is alive, and none of them still has
 * a request in flight to it. A worker whose lease is over does not count.
 */
export function isDrained({ pod, podIP, slices, workers }: DrainView, now: number): boolean {
  const present = slices.filter((slice) => slice !== undefined);
  if (present.some((slice) => namesPod(slice, pod, podIP))) return false;
  const version = Math.max(0, ...present.map(({ metadata }) => Number(metadata.resourceVersion)));
  return workers
    .filter((worker) => workerLeaseEnd(worker) > now)
    .every(
      ({ status }) =>
        Number(status?.applied?.["endpointslices"] ?? 0) >= version &&
        !status?.draining?.some(({ address }) => address === podIP),
    );
}

/** When what the worker says is no longer true. */
export function workerLeaseEnd(worker: MeshWorker): number {
  return leaseEnd(worker, DEFAULT_LEASE_SECONDS);
}
