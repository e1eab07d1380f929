import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { type Draft, percentOf } from "./draft.ts";
import { limitsInForce } from "./in-force.ts";
import { NO_HASH } from "../gate/names.ts";
import { ensurePods, podsFor, podsWord } from "./pods-for-weight.ts";
import type { Split } from "./release-rule.ts";
import { planRouting, type Routing, rulesInForce } from "./routing.ts";
import { currentHash, readyPods, type Situation } from "./situation.ts";

/** Closer than the mesh can tell. */
const EPSILON = 5e-7;

export const sameWeight = (a: number, b: number): boolean => Math.abs(a - b) < EPSILON;

/** The weight that the rules have now. */
export function weightNow(s: Situation): number {
  return s.split?.w ?? 0;
}

/**
 * The gate is open and Kubernetes replaces pods: the template is neither version's, or a release that had reached everybody
 * is undone while the old version is no longer whole. Users go to whatever is ready.
 */
function isPlainRollout(s: Situation): boolean {
  if (s.shut) return false;
  const { spec, status } = s.live ?? {};
  const current = currentHash(s);
  if (current === spec?.stableHash)
    return status?.progress?.bakeTime !== undefined && readyPods(s.stablePods).length < s.replicas;
  return current !== spec?.templateHash;
}

/** Users on the old version, the new one behind its own Service, `split` between them. */
export function routing(s: Situation, split: Split): Routing {
  const { stableHash, templateHash = NO_HASH } = s.live?.spec ?? {};
  return { pins: { stable: isPlainRollout(s) ? undefined : stableHash, new: templateHash }, split };
}

/** Writes the split where it is not so yet. True when nothing had to be written. */
export function keepSplit(s: Situation, d: Draft, policy: ReleasePolicy, split: Split, why: string): boolean {
  const actions = planRouting(s, policy, routing(s, split), why);
  d.act(...actions);
  d.set({ weight: percentOf(split.w) ?? 0, weightText: weightText(split.w) });
  return actions.length === 0;
}

/**
 * Tells the mesh how many further failures are too many, before anything is changed that the limits depend on. At 100 % there is
 * nothing to compare with, so there are none; those of a lesser weight would shut the gate at failures that are nothing unusual,
 * and a Trip that is merely deleted stays in force until its session is over.
 */
export function armTrip(s: Situation, d: Draft, w: number): void {
  if (!s.view.capabilities.trips || w <= 0) return;
  d.act({
    kind: "writeTrip",
    release: d.release.metadata.name,
    session: d.session,
    w,
    why:
      w < 1
        ? "the mesh shuts the gate by itself when the evidence is at its limit"
        : "at 100 % there is nothing to compare with, and no limit",
  });
}

/**
 * Goes to `target` as soon as it may: first the pods, then the limits, then the rule. Returns what it waits for, or
 * undefined once the rule is written.
 */
export function pursue(s: Situation, d: Draft, policy: ReleasePolicy, target: number, why: string): string | undefined {
  const w = weightNow(s);
  const wanted = Math.max(podsFor(s, target), podsFor(s, w));
  const enough = ensurePods(s, d, wanted);
  const growing = target > w;
  const waitsFor = growing ? (obstacleTo(s, wanted, enough) ?? limitsAwaited(s, d, target)) : undefined;
  if (waitsFor !== undefined) {
    if (waitsFor !== LIMITS) armTrip(s, d, w);
    keepSplit(s, d, policy, { w, session: d.session, testers: true }, "keep the weight");
    return `to ${weightText(target)} as soon as ${waitsFor}`;
  }
  armTrip(s, d, Math.max(w, target));
  keepSplit(s, d, policy, { w: target, session: d.session, testers: true }, why);
  if (target > 0 && d.progress.userTime === undefined) startOfUsers(d);
  d.note({ target: undefined, targetWhy: undefined, forced: undefined, lookTime: d.now, zeroTime: undefined });
  d.decide(`weight ${weightText(target)}`, why, target);
  return undefined;
}

const LIMITS = "the mesh has the limits in force";

/**
 * No user is to be on the new version without a worker to take them back: the limits come before the rule. Written once for that;
 * newer ones would have to be waited for again.
 */
function limitsAwaited(s: Situation, d: Draft, target: number): string | undefined {
  const { capabilities, trip } = s.view;
  if (!capabilities.trips) return undefined;
  const fits = trip?.spec.session === d.session && (target < 1 || trip.spec.limits.length === 0);
  if (!fits) armTrip(s, d, target);
  return fits && limitsInForce(s.view, trip, s.now) ? undefined : LIMITS;
}

function startOfUsers(d: Draft): void {
  d.note({ userTime: d.now });
  d.set({ releaseTime: formatTimestamp(d.now) });
}

function obstacleTo(s: Situation, wanted: number, enough: boolean): string | undefined {
  if (!enough) {
    const paused = s.deployment.spec.paused ? "; the Deployment is paused (kubectl rollout resume)" : "";
    const ready = readyPods(s.freshPods).length;
    if (ready >= wanted) return `the mesh knows ${podsWord(wanted)} of the new version`;
    return `${podsWord(wanted)} of the new version ${wanted === 1 ? "is" : "are"} ready (${ready} now)${paused}`;
  }
  return rulesInForce(s) ? undefined : "the mesh has the present weight in force";
}

/** A weight as a person writes it: `5 %`, `0.15 %`. */
export function weightText(w: number): string {
  return `${Number((w * 100).toPrecision(3))} %`;
}
