import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Cause, Draft } from "./draft.ts";
import type { EvidenceFinding, TripFinding } from "./findings.ts";
import { troubleOf } from "./new-pods.ts";
import { sentence, versionsOf } from "./receipts.ts";
import type { Situation } from "./situation.ts";
import { keepSplit } from "./weights.ts";

export interface Verdict {
  readonly cause: Cause;
  readonly why: string;
}

/** What ends a release whose new version has been ready, if anything does. `users`: it has users. */
function verdictOf(s: Situation, d: Draft, users: boolean): Verdict | undefined {
  const { findings } = s.view;
  if (users && findings.evidence.reached) return { cause: "Worse", why: findings.words.accusation };
  if (findings.trip) return { cause: "Tripped", why: tripSentence(findings.trip, findings.evidence) };
  const trouble = troubleOf(d.progress.pods ?? [], s.freshPods, s.stablePods);
  if (trouble) return { cause: "Pod", why: sentence(trouble) };
  if (users && findings.burning)
    return { cause: "Guard", why: `The service burns its failure budget. ${findings.words.damage}`.trim() };
  return undefined;
}

/** The worker that shut the gate knew of failures that have not all been reported: what the ledger says would be stale. */
function tripSentence({ by, endpoint }: TripFinding, { limit }: EvidenceFinding): string {
  const where = endpoint === undefined ? "" : ` on ${endpoint}`;
  return `${by} shut the gate by itself: the failures${where} brought the evidence that it is worse to its limit of 1:${limit}.`;
}

/** What people have done: no failure of the new version, so there is nothing to hold it for. */
const ASKED: ReadonlySet<Cause> = new Set(["Aborted", "Undone", "PolicyGone", "ScaledDown"]);

/**
 * Takes the users off the new version at once, then for good (Reverting) or, when the policy says Hold, keeping its pods
 * for whoever wants to look.
 */
export function fail(s: Situation, d: Draft, policy: ReleasePolicy, { cause, why }: Verdict): void {
  const asked = ASKED.has(cause);
  const hold = policy.spec.onFailure === "Hold" && !asked;
  if (s.split !== undefined) keepSplit(s, d, policy, { w: 0, session: d.session, testers: hold }, why);
  d.note({ cause, why, zeroTime: d.now, target: undefined, targetWhy: undefined, forced: undefined, full: undefined });
  if (hold) d.set({ held: { reason: "Failed", from: d.status.held?.from ?? d.phase } });
  const { old } = versionsOf(d);
  d.set({ message: `taking users back to ${old}: ${why}` });
  if (hold) d.enter("Held", "ReleaseHeld", why, "Warning");
  else d.enter("Reverting", "ReleaseReverting", why, asked ? "Normal" : "Warning");
}

/** Ends the release when there is a reason to. True when it did. */
export function failOn(s: Situation, d: Draft, policy: ReleasePolicy, users: boolean): boolean {
  const verdict = verdictOf(s, d, users);
  if (verdict) fail(s, d, policy, verdict);
  return verdict !== undefined;
}
