import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";

/** Time (ms) at which the worker's lease ends; a worker whose lease has ended serves nobody. */
export function leaseEnd({ status }: MeshWorker): number {
  return (parseTimestamp(status?.renewTime) ?? 0) + (status?.leaseSeconds ?? 0) * 1000;
}

export function liveWorkers(workers: readonly MeshWorker[], now: number): readonly MeshWorker[] {
  return workers.filter((worker) => leaseEnd(worker) > now);
}

/** Whether what the object says in this version is in force on the worker. */
export function hasApplied({ status }: MeshWorker, plural: string, resourceVersion: string): boolean {
  return Number(status?.applied?.[plural] ?? 0) >= Number(resourceVersion);
}
