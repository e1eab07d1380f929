import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";

/**
 * Time (ms) at which the worker's lease ends; a worker whose lease has ended serves nobody. `leaseSeconds`: of a worker that does
 * not say for how long.
 */
export function leaseEnd({ status }: MeshWorker, leaseSeconds = 0): number {
  const renewed = parseTimestamp(status?.renewTime);
  return renewed === undefined ? 0 : renewed + (status?.leaseSeconds ?? leaseSeconds) * 1000;
}

export function liveWorkers(workers: readonly MeshWorker[], now: number): readonly MeshWorker[] {
  return workers.filter((worker) => leaseEnd(worker) > now);
}

/** Whether what the object says in this version is in force on the worker. */
export function hasApplied({ status }: MeshWorker, plural: string, resourceVersion: string | number): boolean {
  return Number(status?.applied?.[plural] ?? 0) >= Number(resourceVersion);
}
