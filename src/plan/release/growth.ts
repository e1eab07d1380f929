import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { grouped } from "../../lib/number-text.ts";
import type { Draft } from "./draft.ts";
import { holdAtStep } from "./phases/held.ts";
import { evidenceText, seenAt, until } from "./seen.ts";
import type { Situation } from "./situation.ts";
import { readSteps, type Step, timeOf } from "./steps.ts";
import { sameWeight, weightText } from "./weights.ts";

/** What the weight does next. */
export type Next =
  | { readonly kind: "go"; readonly w: number; readonly why: string }
  | { readonly kind: "stay"; readonly message: string }
  /** The release has come to a stop that a person ends; the draft says so. */
  | { readonly kind: "held" };

/** The request rate decides the first weight; it must have been looked at for this long. */
export const MEASURE_MS = 2000;
/** Weights grow at most this often. */
const GROWTH_MS = 5000;
/** Why a weight is right for a version of which nothing has been seen. */
const ALL_MAY_FAIL = "if every request failed, the budget would last for one reaction";
/** So few requests show little, and people should know. */
const FEW = 100;
/** Changes below this factor are not worth a write to every worker. */
const WORTHWHILE = 1.1;

export function nextTarget(s: Situation, d: Draft, policy: ReleasePolicy, w: number): Next {
  if (d.progress.full) return { kind: "go", w: 1, why: "promoted to everyone" };
  const underWay = pending(s, d, w);
  if (underWay) return underWay;
  const [obstacle] = s.obstacles;
  if (obstacle) return { kind: "stay", message: `${seenAt(s, w)}; the weight stays: ${obstacle.message}` };
  const steps = readSteps(policy);
  const frozen = s.view.findings.evidence.freezes;
  if (frozen && w > 0) return { kind: "stay", message: `${seenAt(s, w)}: the weight stays until it is below 1:5` };
  switch (steps.kind) {
    case "invalid":
      return { kind: "stay", message: `${seenAt(s, w)}; the weight stays: ${steps.problem}` };
    case "listed":
      return nextStep(s, d, policy, steps.steps, w);
    case "auto":
      return w === 0 ? firstWeight(s, d) : nextAuto(s, d, policy, w);
  }
}

/** What was decided before and waits for pods; evidence that has come up since makes it void, unless a person decided. */
function pending(s: Situation, d: Draft, w: number): Next | undefined {
  const { target, targetWhy, forced } = d.progress;
  if (target === undefined) return undefined;
  const frozen = (s.view.findings.evidence.freezes || s.obstacles.length > 0) && target > w;
  if (!sameWeight(target, w) && (forced || !frozen))
    return { kind: "go", w: target, why: targetWhy ?? reasonToGrow(s) };
  d.note({ target: undefined, targetWhy: undefined, forced: undefined });
  return undefined;
}

function firstWeight(s: Situation, d: Draft): Next {
  const { advice, measured } = s.view.findings;
  const { first } = advice;
  if (measured < MEASURE_MS) return { kind: "stay", message: "measures the traffic to choose the first weight" };
  return go(d, first, ALL_MAY_FAIL);
}

function nextAuto(s: Situation, d: Draft, policy: ReleasePolicy, w: number): Next {
  const { cap } = s.view.findings.advice;
  const began = d.progress.userTime ?? d.now;
  const times = { soaked: began + timeOf(policy, "soak"), patience: began + timeOf(policy, "patience") };
  return w >= cap || sameWeight(w, cap) ? toEveryone(s, d, w, times) : growing(s, d, w, times);
}

interface Times {
  /** When it has had users for long enough. */
  readonly soaked: number;
  /** When what could not be ruled out is no longer waited for. */
  readonly patience: number;
}

/** From the cap the weight jumps to 100 %: between the two, harm grows and little is learned. */
function toEveryone(s: Situation, d: Draft, w: number, times: Times): Next {
  const { advice, words } = s.view.findings;
  const soaked = d.now >= times.soaked;
  if (soaked && advice.affordable && advice.ruledOut)
    return go(d, 1, `that it fails more than ${words.excess} more often is ruled out`);
  if (soaked && d.now >= times.patience)
    return go(d, 1, `patience is over: that it fails up to ${words.excess} more often could not be ruled out`);
  return { kind: "stay", message: atCapMessage(s, d, w, times) };
}

function growing(s: Situation, d: Draft, w: number, times: Times): Next {
  const { advice, new: fresh } = s.view.findings;
  const look = (d.progress.lookTime ?? d.now) + GROWTH_MS;
  if (d.now < look) return { kind: "stay", message: growingMessage(s, w) };
  // Whatever the budget would allow: nothing speaks for more.
  if (fresh.requests > 0 && fresh.failures >= fresh.requests) return { kind: "stay", message: growingMessage(s, w) };
  d.note({ lookTime: d.now });
  const next = d.now >= times.patience ? Math.min(1.5 * w, advice.cap) : advice.next;
  const worthwhile = next >= w * WORTHWHILE || next <= w / WORTHWHILE || sameWeight(next, advice.cap);
  return worthwhile && !sameWeight(next, w)
    ? go(d, next, reasonToGrow(s))
    : { kind: "stay", message: growingMessage(s, w) };
}

function go(d: Draft, w: number, why: string): Next {
  d.note({ target: w, targetWhy: why });
  return { kind: "go", w, why };
}

function reasonToGrow(s: Situation): string {
  const { new: fresh, evidence } = s.view.findings;
  if (fresh.requests === 0) return ALL_MAY_FAIL;
  const requests = `${grouped(fresh.requests)} ${fresh.requests === 1 ? "request" : "requests"}`;
  return fresh.failures === 0
    ? `nothing wrong in ${requests}`
    : `${grouped(fresh.failures)} of ${requests} failed, ${evidenceText(evidence)}`;
}

function growingMessage(s: Situation, w: number): string {
  return `${seenAt(s, w, ofAbout(s, s.view.findings.advice.requestsForNext))}; next look in 1 s`;
}

function atCapMessage(s: Situation, d: Draft, w: number, times: Times): string {
  const { advice, words, new: fresh } = s.view.findings;
  const open: string[] = [];
  if (!advice.ruledOut || !advice.affordable)
    open.push(
      `more than 0.3 points of excess are ruled out (${words.excess} now; patience ends in ${until(d, times.patience)})`,
    );
  if (d.now < times.soaked) open.push(`it has soaked (${until(d, times.soaked)} more)`);
  const little = d.now >= times.soaked && fresh.requests < FEW ? ` ${words.littleSeen}` : "";
  return `${seenAt(s, w, ofAbout(s, advice.requestsForAll))}; to 100 % when ${open.join(" and ")}.${little}`;
}

function ofAbout(s: Situation, needed: number): string {
  return Number.isFinite(needed) && needed > s.view.findings.new.requests ? ` of about ${grouped(needed)}` : "";
}

function nextStep(s: Situation, d: Draft, policy: ReleasePolicy, steps: readonly Step[], w: number): Next {
  for (let index = firstStep(d, steps, w); ; index++) {
    d.set({ step: index });
    const step = steps[index];
    if (!step || (step.kind === "weight" && step.w >= 1)) return lastStep(s, d, policy, w);
    if (step.kind === "pause") {
      holdAtStep(d, step);
      return { kind: "held" };
    }
    if (!sameWeight(step.w, w)) {
      d.note({ stepTime: undefined, stepRequests: undefined });
      return { kind: "go", w: step.w, why: `step ${index + 1} of ${steps.length}` };
    }
    const waits = stepWaits(s, d, step, index, steps.length, w);
    if (waits) return waits;
    d.note({ stepTime: undefined, stepRequests: undefined });
  }
}

/** Steps that came with an edit of the policy begin where the weight is. */
function firstStep(d: Draft, steps: readonly Step[], w: number): number {
  if (d.status.step !== undefined) return d.status.step;
  const index = steps.findIndex((step) => step.kind === "weight" && (step.w > w || sameWeight(step.w, w)));
  return index < 0 ? steps.length : index;
}

function stepWaits(
  s: Situation,
  d: Draft,
  step: Extract<Step, { kind: "weight" }>,
  index: number,
  count: number,
  w: number,
): Next | undefined {
  const seen = s.view.findings.new.requests;
  const since = d.progress.stepTime ?? d.now;
  const from = d.progress.stepRequests ?? seen;
  d.note({ stepTime: since, stepRequests: from });
  const missing: string[] = [];
  if (seen - from < step.requests) missing.push(`${seen - from} of ${step.requests} requests of this step`);
  if (d.now < since + step.ms) missing.push(`${until(d, since + step.ms)} more`);
  if (missing.length === 0) return undefined;
  return {
    kind: "stay",
    message: `${seenAt(s, w)}; step ${index + 1} of ${count}: ${missing.join(", ")}; next look in 1 s`,
  };
}

function lastStep(s: Situation, d: Draft, policy: ReleasePolicy, w: number): Next {
  const soaked = (d.progress.userTime ?? d.now) + timeOf(policy, "soak");
  if (d.now >= soaked || d.progress.userTime === undefined) return { kind: "go", w: 1, why: "all steps are done" };
  return { kind: "stay", message: `${seenAt(s, w)}; to 100 % when it has soaked (${until(d, soaked)} more)` };
}

/** `promote` goes one step on: the next step as written, or the next weight without asking budget or evidence. */
export function promoted(s: Situation, d: Draft, policy: ReleasePolicy | undefined, w: number): void {
  const steps = readSteps(policy);
  if (steps.kind === "listed") {
    d.set({ step: Math.min((d.status.step ?? 0) + 1, steps.steps.length) });
    d.note({ stepTime: undefined, stepRequests: undefined });
    const step = steps.steps[d.status.step ?? 0];
    const next = step?.kind === "weight" ? step.w : step ? w : 1;
    d.note({ target: next, targetWhy: "promoted", forced: true });
    return;
  }
  const { cap, first } = s.view.findings.advice;
  const next = w === 0 ? first : w >= cap || sameWeight(w, cap) ? 1 : Math.min(1.5 * w, cap);
  d.note({ target: Number(next.toPrecision(3)), targetWhy: "promoted", forced: true });
}

export function describeTarget(d: Draft): string {
  const { target, full } = d.progress;
  if (full) return "to 100 %";
  return target === undefined ? "on" : `to ${weightText(target)}`;
}
