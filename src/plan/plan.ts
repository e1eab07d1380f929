/**
 * What a controller decided, as plain data: JSON-serialisable, never a closure, each action with a `why`, so that a plan
 * can be compared in a table test, checked as a property, logged as a line and printed by `--dry-run`.
 *
 * Planners are pure: `(view, now) => Plan`. The shell applies `actions` in order, then writes `status`, and looks again
 * at `wakeAt` at the latest (any change of the watched objects wakes it earlier).
 */
export interface Plan<Action extends { readonly why: string }, Status> {
  readonly actions: readonly Action[];
  readonly status: Status;
  /** Time (ms since the epoch) at which the same view could lead to another plan. */
  readonly wakeAt?: number;
}
