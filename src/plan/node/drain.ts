import type { Pod } from "../../api/generated/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/generated/discovery-v1.ts";
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
}

/** So long the mesh may take, at most. Milliseconds. */
export const DRAIN_TIMEOUT = 5000;
const DEFAULT_LEASE_SECONDS = 2;

/** Whether the slice counts the pod among those that get requests. */
export function namesPod({ endpoints }: EndpointSlice, pod: Pod, podIP: string): boolean {
  return (endpoints ?? []).some(
    (endpoint) => endpoint.conditions?.ready !== false && isEndpointOf(endpoint, pod, podIP),
  );
}

/** Whether the pod is in the slice, however it is there. */
export function mentionsPod({ endpoints }: EndpointSlice, pod: Pod, podIP: string): boolean {
  return (endpoints ?? []).some((endpoint) => isEndpointOf(endpoint, pod, podIP));
}

function isEndpointOf({ targetRef, addresses }: Endpoint, { metadata }: Pod, podIP: string): boolean {
  return targetRef ? targetRef.uid === metadata.uid : addresses.includes(podIP);
}

/**
 * Whether the pod can go: every slice without it is in force on every worker that is alive, and none of them still has
 * a request in flight to it. A worker whose lease is over does not count.
 */
export function isDrained({ pod, podIP, slices, since, workers }: DrainView, now: number): boolean {
  const present = slices.filter((slice) => slice !== undefined);
  if (present.some((slice) => namesPod(slice, pod, podIP))) return false;
  const version = Math.max(since, ...present.map(({ metadata }) => Number(metadata.resourceVersion)));
  return workers
    .filter((worker) => workerLeaseEnd(worker) > now)
    .every(
      ({ status }) =>
        Number(status?.applied?.["endpointslices"] ?? 0) >= version &&
        !status?.draining?.some(({ address }) => address === podIP),
    );
}

/**
 * Whether every worker that runs is among those that have told the API of themselves. One that is not must be waited for: after a
 * restart of the API (which remembers no worker) or of its own it serves by what it knew before.
 */
export function haveReported(processes: readonly MeshProcess[], workers: readonly MeshWorker[]): boolean {
  return processes.every(({ name, pid }) =>
    workers.some(({ metadata, status }) => metadata.name === name && status?.pid === pid),
  );
}

/** When what the worker says is no longer true. */
export function workerLeaseEnd(worker: MeshWorker): number {
  return leaseEnd(worker, DEFAULT_LEASE_SECONDS);
}
