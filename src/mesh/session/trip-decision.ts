import type { Trip } from "../../api/generated/sluice-dev.ts";

/** Failures of one session as one worker counted them, cumulative over its run. */
export interface FailureCount {
  /** The run of the worker's process. */
  readonly epoch: string;
  readonly endpoint: string;
  readonly new: number;
  readonly old: number;
}

/** The limit that was reached: further failures of each version, of one endpoint or (absent) of all. */
export interface Reached {
  readonly endpoint?: string;
  readonly new: number;
  readonly old: number;
}

/**
 * Whether the failures since the release controller last looked bring its evidence to the limit. `limits[i].failures[k]` is how
 * many further failures of the new version do so when k further ones of the old came meanwhile; past the end of the list none.
 *
 * Worked example: `since` says 3 failures of new, `failures: [2, 3]`. 5 of new and as many of old as before: 2 ≥ 2, reached. With one
 * more of old it takes 3. With two more of old it is not reached until the controller looks again.
 */
export function tripDecision(spec: Trip["spec"], counts: readonly FailureCount[]): Reached | undefined {
  const further = furtherFailures(spec.since ?? [], counts);
  for (const { endpoint, failures } of spec.limits) {
    const { fresh, old } = further(endpoint);
    const limit = failures[old];
    if (limit !== undefined && fresh >= limit) return { ...(endpoint !== undefined && { endpoint }), new: fresh, old };
  }
  return undefined;
}

type Since = NonNullable<Trip["spec"]["since"]>;

function furtherFailures(
  since: Since,
  counts: readonly FailureCount[],
): (endpoint: string | undefined) => { fresh: number; old: number } {
  return (endpoint) => {
    let [fresh, old] = [0, 0];
    for (const count of counts) {
      if (endpoint !== undefined && count.endpoint !== endpoint) continue;
      // A row of another run, or of an endpoint that had not failed, is not in `since`: all of it is further.
      const known = since.find((row) => row.epoch === count.epoch && row.endpoint === count.endpoint);
      fresh += Math.max(0, count.new - (known?.new ?? 0));
      old += Math.max(0, count.old - (known?.old ?? 0));
    }
    if (endpoint !== undefined) return { fresh, old };
    for (const row of since) {
      if (row.endpoint !== undefined) continue;
      fresh = Math.max(0, fresh - row.new);
      old = Math.max(0, old - row.old);
    }
    return { fresh, old };
  };
}
