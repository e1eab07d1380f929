import { requestsToRuleOut } from "./upper-rate.ts";

/** The reaction time T: a look each second, a second until an answer is there, a second until the weights are in force. */
export const REACTION_SECONDS = 3;
/** Weights grow at most by this factor at a time. */
export const GROWTH = 1.5;
/** Excess failures, as a share, that must be ruled out before all users get the new version: 0.3 points. */
export const GATE = 0.003;
/** Below this many requests per second there is little to see, and less to gain from half of the users. */
export const LOW_TRAFFIC = 1;

export interface WeightView {
  /** Weight now, as a share. */
  readonly w: number;
  /** Requests per second to both versions. */
  readonly rate: number;
  /** Failed requests that one reaction time may cost. */
  readonly budget: number;
  /** Upper bound of the new version's failure share. */
  readonly upper: number;
  /** The old version's failure share in the same time. */
  readonly oldShare: number;
  /** Requests and failures of the new version, for the estimate of what is missing. */
  readonly requests: number;
  readonly failures: number;
}

export interface WeightAdvice {
  /** Where growth ends, before the jump to 1. */
  readonly cap: number;
  /** Share of requests that the new version may fail more often than the old one, at worst. */
  readonly excess: number;
  /** The weight that the rule allows next. */
  readonly next: number;
  /** Whether the budget allows all traffic at once. */
  readonly affordable: boolean;
  /** Whether more than 0.3 points of excess are ruled out. */
  readonly ruledOut: boolean;
  /** Requests of the new version after which the budget allows the next weight, if no more of them fail. */
  readonly requestsForNext: number;
  /** The same for all traffic. */
  readonly requestsForAll: number;
}

/** The first weight: at most `budget` failures in one reaction even if everything fails; 0.1 % … 20 %. */
export function firstWeight(rate: number, budget: number): number {
  return rounded(Math.min(0.2, Math.max(0.001, rate > 0 ? budget / (rate * REACTION_SECONDS) : 1)));
}

/**
 * The next weight: w = min(1.5 w, B / (R T U), cap), U being what the new version may fail more at worst. With 95 %
 * certainty no more than B failures are to be expected within one reaction.
 *
 * Example: 100 requests/s, B = 5, w = 5 %, 300 clean requests: U = 2.1 %, B/(R T U) = 79 %, next 7.5 %.
 */
export function adviseWeight(view: WeightView): WeightAdvice {
  const cap = view.rate < LOW_TRAFFIC ? 0.25 : 0.5;
  const excess = Math.max(0, view.upper - view.oldShare);
  const perShare = view.rate * REACTION_SECONDS;
  const afforded = excess * perShare > 0 ? view.budget / (perShare * excess) : Infinity;
  const floor = Math.min(view.w, 0.001);
  const next = rounded(Math.max(floor, Math.min(GROWTH * view.w, afforded, Math.max(cap, view.w))));
  const boundAt = (w: number): number => view.oldShare + view.budget / Math.max(perShare * w, 1e-9);
  const need = (bound: number): number => requestsToRuleOut(Math.min(1, bound), view.failures);
  return {
    cap,
    excess,
    next,
    affordable: afforded >= 1,
    ruledOut: excess <= GATE,
    requestsForNext: need(boundAt(Math.min(cap, GROWTH * view.w))),
    requestsForAll: need(Math.min(boundAt(1), view.oldShare + GATE)),
  };
}

/** Three significant digits at most, six decimals at most: what a weight of an HTTPRoute can say and a person can read. */
function rounded(w: number): number {
  return Number(Number(w.toPrecision(3)).toFixed(6));
}
