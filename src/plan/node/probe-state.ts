import type { Probe } from "../../api/generated/core-v1.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";
/** `unknown`: the probe itself could not be made; it counts for nothing. */
export type ProbeOutcome = "success" | "failure" | "unknown";

/** How many times in a row a probe said the same. */
export interface ProbeState {
  readonly last?: "success" | "failure";
  readonly run: number;
  /** What counts: changes only when a threshold is reached. */
  readonly verdict: "success" | "failure" | "unknown";
}

/** What counts before the first probe. */
export function initialProbeState(kind: ProbeKind): ProbeState {
  const verdicts = { startup: "unknown", liveness: "success", readiness: "failure" } as const;
  return { run: 0, verdict: verdicts[kind] };
}

/**
 * Counts an outcome: `failureThreshold` failures in a row (default 3) fail, `successThreshold` successes (default 1)
 * pass. `eager` probes, made between the regular ones to find out sooner, count only when they succeed.
 */
export function countProbe(state: ProbeState, outcome: ProbeOutcome, probe: Probe, eager = false): ProbeState {
  if (outcome === "unknown" || (eager && outcome === "failure")) return state;
  const run = state.last === outcome ? state.run + 1 : 1;
  const threshold = outcome === "failure" ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  return { last: outcome, run, verdict: run >= threshold ? outcome : state.verdict };
}

const FIRST_EAGER = 25;

/**
 * Milliseconds until the next probe. Until the first success a probe of readiness or startup is also made between the
 * regular times, after 25, 50, 100, … ms, so that a pod is ready when its program is, not up to a period later.
 */
export function nextProbeDelay(kind: ProbeKind, state: ProbeState, eagerSoFar: number, untilRegular: number): number {
  if (kind === "liveness" || state.verdict === "success") return untilRegular;
  return Math.min(untilRegular, FIRST_EAGER * 2 ** Math.min(eagerSoFar, 20));
}
