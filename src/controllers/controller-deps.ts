import type { ApiClient } from "../client/api-client.ts";
import type { Outcome } from "../client/controller.ts";
import { EventRecorder } from "../client/event-recorder.ts";
import type { Informers } from "../client/informers.ts";
import type { Clock } from "../lib/clock.ts";
import { type JsonValue, jsonEqual } from "../lib/json.ts";
import type { Random } from "../lib/random.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";

/** What every controller works with. */
export interface ControllerDeps {
  readonly client: ApiClient;
  /** Shared by all controllers of the process. */
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export const DONE: Outcome = { kind: "done" };

/** Timers hold at most 2^31 ms; who waits longer looks once a day for nothing. */
const LONGEST_WAIT = 86_400_000;

/** Looks again at `wakeAt` (ms since the epoch), if there is such a time. */
export function lookAgain(wakeAt: number | undefined, clock: Clock): Outcome {
  if (wakeAt === undefined) return DONE;
  return { kind: "requeueAfter", ms: Math.min(Math.max(0, wakeAt - clock.now()), LONGEST_WAIT) };
}

/** Whether two documents say the same. */
export function sameJson(a: unknown, b: unknown): boolean {
  return jsonEqual(a as JsonValue | undefined, b as JsonValue | undefined);
}

/** Tells events under the name of one controller. */
export function recorderFor({ client, clock, log }: ControllerDeps, component: string, host?: string): EventRecorder {
  return new EventRecorder(client, { component, ...(host !== undefined && { host }), clock, log });
}
