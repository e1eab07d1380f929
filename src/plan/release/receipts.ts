import { durationText } from "../../lib/duration.ts";
import { grouped } from "../../lib/number-text.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import type { Draft } from "./draft.ts";
import type { Findings, VersionCounts } from "./findings.ts";
import type { Situation } from "./situation.ts";

/** Names of the two versions of a release, as people call them. */
export function versionsOf(d: Draft): { readonly new: string; readonly old: string } {
  const { version = "the new version", fromVersion = "the old version" } = d.release.spec;
  return { new: version, old: fromVersion };
}

/** The receipt of a release that was taken back. */
export function revertReceipt(s: Situation, d: Draft): string {
  const { new: fresh, old } = versionsOf(d);
  const since = d.progress.userTime ?? parseTimestamp(d.status.startTime) ?? d.now;
  const ended = d.progress.zeroTime ?? d.now;
  const parts = [
    `Reverted to ${old} after ${durationText(ended - since)}.`,
    reasonOf(s, d),
    touched(s.view.findings, fresh, old),
  ];
  const last = s.view.findings.trip?.lastRequest;
  if (last) parts.push(`The mesh shut the gate by itself; the last request to ${fresh} was sent at ${last}.`);
  return parts.filter(Boolean).join(" ");
}

/** The receipt of a release that went well. */
export function successReceipt(s: Situation, d: Draft): string {
  const { new: fresh, old } = versionsOf(d);
  const since = d.progress.userTime ?? parseTimestamp(d.status.startTime) ?? d.now;
  const grown = d.progress.bakeTime ?? d.now;
  const baked =
    d.progress.finishTime !== undefined ? ` and baked for ${durationText(d.progress.finishTime - grown)}` : "";
  return [
    `Released ${fresh} to everyone after ${durationText(grown - since)}${baked}.`,
    s.view.findings.words.clearance,
    touched(s.view.findings, fresh, old),
  ]
    .filter(Boolean)
    .join(" ");
}

/** The receipt of a release that another one took the place of. */
export function supersededReceipt(s: Situation, d: Draft): string {
  const { new: fresh, old } = versionsOf(d);
  return `Another template took the place of ${fresh}; everyone is on ${old}. ${touched(s.view.findings, fresh, old)}`;
}

function reasonOf(s: Situation, d: Draft): string {
  const { cause, why = "" } = d.progress;
  const { accusation } = s.view.findings.words;
  // The counts go on for a moment after the verdict, so the sentence is made anew from the ledger; unless a worker shut the
  // gate on failures that it died with.
  if (cause === "Worse" || (cause === "Tripped" && s.view.findings.evidence.reached))
    return accusation || sentence(why);
  // What hits both versions, or the only one that is left, is told in its own numbers.
  const counts = s.view.findings.new.requests > 0 && cause !== "Guard" ? accusation : "";
  return [sentence(why), counts].filter(Boolean).join(" ");
}

/** How many requests and users had to do with the new version. */
export function touched({ new: counts }: Pick<Findings, "new">, fresh: string, old: string): string {
  if (counts.requests === 0) return `No user request went to ${fresh}.`;
  const { requests, failures, retried, users, usersHit } = counts;
  const who = users > 0 ? ` of ${grouped(users)} ${users === 1 ? "user" : "users"}` : "";
  return `Touched: ${grouped(requests)} ${requests === 1 ? "request" : "requests"}${who}; ${failed(failures, retried, old)}${hit(usersHit, failures, retried)}.`;
}

function failed(failures: VersionCounts["failures"], retried: number, old: string): string {
  if (failures === 0) return "none failed";
  if (retried === 0) return `${grouped(failures)} failed`;
  if (retried >= failures)
    return `${grouped(failures)} failed and ${failures === 1 ? "was" : "were all"} answered by ${old} after all`;
  return `${grouped(failures)} failed, ${grouped(retried)} of them ${retried === 1 ? "was" : "were"} answered by ${old} after all`;
}

function hit(usersHit: number, failures: number, retried: number): string {
  if (failures === 0) return "";
  if (usersHit === 0) return retried >= failures ? "; no user saw a failure" : "";
  return `; ${grouped(usersHit)} ${usersHit === 1 ? "user" : "users"} saw a failure`;
}

/** With a capital and a full stop. */
export function sentence(text: string): string {
  if (text === "") return "";
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
