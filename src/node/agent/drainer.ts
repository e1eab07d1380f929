import type { Pod } from "../../api/generated/core-v1.ts";
import { keyOf } from "../../api/object.ts";
import { DRAIN_TIMEOUT, haveReported, isDrained, mentionsPod, workerLeaseEnd } from "../../plan/node/drain.ts";
import { gracePeriod } from "../../plan/node/stop.ts";
import type { NodeContext } from "./node-context.ts";

/**
 * Resolves when the mesh has let go of the pod: no worker sends it a request any more, and those in flight have ended.
 * Gives up after five seconds, or the pod's grace period if that is shorter; at once when no worker is there. Aborting
 * ends the wait too.
 */
export function drained(
  pod: Pod,
  podIP: string,
  { objects, clock, meshProcesses }: Pick<NodeContext, "objects" | "clock" | "meshProcesses">,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Slices that named the pod at any time from now on: one may be in the mesh already and not yet in our cache.
  const named = new Set<string>();
  const since = Math.max(0, ...objects.slices.list().map(({ metadata }) => Number(metadata.resourceVersion)));
  let cancelCheck: (() => void) | undefined;
  const check = (): void => {
    const now = clock.now();
    const workers = objects.workers.list();
    for (const slice of objects.slices.inNamespace(pod.metadata.namespace ?? "")) {
      if (mentionsPod(slice, pod, podIP)) named.add(keyOf(slice));
    }
    const slices = [...named].map((key) => objects.slices.get(key));
    // The processes come last: to find them is to read files, and every report of a worker brings us here.
    if (isDrained({ pod, podIP, slices, since, workers }, now) && haveReported(meshProcesses(), workers))
      return resolve();
    cancelCheck?.();
    // A worker that dies says nothing: look again when its lease is over.
    const ends = workers.map(workerLeaseEnd).filter((end) => end > now);
    if (ends.length > 0) cancelCheck = clock.after(Math.min(...ends) - now, check);
    return undefined;
  };
  const slices = objects.slices.onChange(check);
  const workers = objects.workers.onChange(check);
  const cancelTimeout = clock.after(Math.min(DRAIN_TIMEOUT, gracePeriod(pod) * 1000), resolve);
  const abort = (): void => resolve();
  signal.addEventListener("abort", abort, { once: true });
  check();
  return promise.finally(() => {
    slices[Symbol.dispose]();
    workers[Symbol.dispose]();
    cancelTimeout();
    cancelCheck?.();
    signal.removeEventListener("abort", abort);
  });
}
