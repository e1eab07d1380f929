import type { Pod } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { leaseEnd } from "../routing/live-workers.ts";

/** A mesh worker that runs on this machine. */
export interface MeshProcess {
  readonly name: string;
  readonly pid: number;
}

export interface DrainView {
  readonly pod: Pod;
  readonly podIP: string;
  /** The slices that named the pod when the drain began, as they are now; undefined for those that are gone. */
  readonly slices: readonly (EndpointSlice | undefined)[];
  /** The newest of all slices when the drain began: one that named the pod before may be news to a worker. */
  readonly since: number;
  readonly workers: readonly MeshWorker[];
  /** Those that run, whether or not they have told the API. */
  readonly processes: readonly MeshProcess[];
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
 * a request in flight to it. A worker whose lease is over does not count; one that runs and has not said a word yet does: after
 * a restart of the API (which remembers no worker) or of its own it serves by what it knew before.
 */
export function isDrained({ pod, podIP, slices, since, workers, processes }: DrainView, now: number): boolean {
  const present = slices.filter((slice) => slice !== undefined);
  if (present.some((slice) => namesPod(slice, pod, podIP))) return false;
  const hasReported = ({ name, pid }: MeshProcess): boolean =>
    workers.some(({ metadata, status }) => metadata.name === name && status?.pid === pid);
  if (!processes.every(hasReported)) return false;
  const version = Math.max(since, ...present.map(({ metadata }) => Number(metadata.resourceVersion)));
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
