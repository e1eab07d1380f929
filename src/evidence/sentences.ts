import { grouped } from "../lib/number-text.ts";
import { type EvidenceLedger, evidenceOf, LIMIT, suspectOf } from "./evidence-ledger.ts";
import { odds } from "./odds.ts";
import { noticeableShare } from "./power.ts";
import { type EventCount, type Interval, ratioInterval } from "./ratio-interval.ts";
import { upperRate } from "./upper-rate.ts";

/**
 * What a person is told. Counts come first, then what would be expected, then odds; the words of statisticians for
 * certainty stay out. Every number is the ledger's.
 */
export interface Versions {
  readonly new: string;
  readonly old: string;
}

export interface Tally {
  readonly requests: number;
  readonly failures: number;
}

/** The counts while both versions had users (0 < w < 1). */
export function tallies(ledger: EvidenceLedger): { readonly new: Tally; readonly old: Tally } {
  const requests = shared(ledger.requests);
  const failures = shared(ledger.failures);
  return {
    new: { requests: total(requests, "new"), failures: total(failures, "new") },
    old: { requests: total(requests, "old"), failures: total(failures, "old") },
  };
}

/** Why a version was withdrawn, or what there is against it so far. */
export function accusation(ledger: EvidenceLedger, versions: Versions): string {
  const { new: fresh, old } = tallies(ledger);
  const counts =
    `${versions.new} failed ${grouped(fresh.failures)} of its ${requestsWord(fresh.requests)}${inBrackets(fresh)}; ` +
    `${versions.old} failed ${grouped(old.failures)} of ${grouped(old.requests)} in the same time${inBrackets(old)}.`;
  return [
    counts,
    expectation(ledger, versions),
    evidenceSentence(odds(evidenceOf(ledger))),
    rangeSentence(ratioInterval(shared(ledger.failures))),
    endpointSentence(ledger, fresh.failures),
  ]
    .filter(Boolean)
    .join(" ");
}

/** What speaks for a version, from its first user on, 100 % included: "4,012 requests, 4 failed (0.10 %, old 0.09 %). Its failure share is below 0.43 % …". */
export function clearance(ledger: EvidenceLedger): string {
  const { old } = tallies(ledger);
  const withUsers = (counts: readonly EventCount[]): number =>
    total(
      counts.filter(({ w }) => w > 0),
      "new",
    );
  const fresh = { requests: withUsers(ledger.requests), failures: withUsers(ledger.failures) };
  const compared = old.requests > 0 ? `${percent(shareFailed(fresh))}, old ${percent(shareFailed(old))}` : "";
  const failed = fresh.requests === 0 ? "" : ` (${compared || percent(shareFailed(fresh))})`;
  const bound = upperRate(fresh.requests, fresh.failures);
  const below = bound < 1 ? ` Its failure share is below ${percent(bound)} (95 % sure, valid at any moment).` : "";
  return `${requestsWord(fresh.requests)}, ${grouped(fresh.failures)} failed${failed}.${below}`;
}

/** Damage that hits both versions is not blamed on the new one. */
export function sharedDamage(ledger: EvidenceLedger, versions: Versions): string {
  const { new: fresh, old } = tallies(ledger);
  const requests = fresh.requests + old.requests;
  const failures = fresh.failures + old.failures;
  if (requests === 0 || failures === 0) return "";
  return (
    `Both versions fail more than usual (${percent(failures / requests)}). Not blamed on ${versions.new}: it has ` +
    `${weightText(fresh.requests / requests)} of the traffic and ${weightText(fresh.failures / failures)} of the failures.`
  );
}

/** Damage at 100 %, where there is no other version to compare with. */
export function loneDamage(ledger: EvidenceLedger, versions: Versions): string {
  const alone = ({ w }: EventCount): boolean => w >= 1;
  const requests = total(ledger.requests.filter(alone), "new");
  const failures = total(ledger.failures.filter(alone), "new");
  if (requests === 0 || failures === 0) return "";
  return (
    `Since everyone is on ${versions.new} it failed ${grouped(failures)} of ${requestsWord(requests)}` +
    `${inBrackets({ requests, failures })}; ${percent(ledger.guardTolerates)} are tolerated.`
  );
}

/** What so few requests can show. */
export function littleSeen(requests: number, w: number, base: number): string {
  const share = noticeableShare(requests, w, base);
  const can =
    share >= 1
      ? "So few cannot show even a version that always fails"
      : `This release can only notice a version that fails more than 1 in ${grouped(Math.floor(1 / share))}`;
  return `Only ${requestsWord(requests)} so far. ${can}; wait, send test requests, or decide yourself: promote or abort.`;
}

/** Before the first user: what may be noticed by when. */
export function planningLine(rate: number, base: number, w = 0.05): string {
  const after = (seconds: number): string => percent(noticeableShare(rate * seconds * w, w, base));
  return (
    `At ${rateText(rate)} and ${percent(base)} failures, 2 min at ${weightText(w)} notice a version that fails ${after(120)}, ` +
    `30 min one that fails ${after(1800)}.`
  );
}

function expectation(ledger: EvidenceLedger, versions: Versions): string {
  const failures = shared(ledger.failures);
  const all = total(failures, "new") + total(failures, "old");
  if (all === 0) return "";
  const expected = failures.reduce((sum, { w, new: fresh, old }) => sum + w * (fresh + old), 0);
  const weights = shared(ledger.requests).map(({ w }) => w);
  const lowest = weightText(Math.min(...weights));
  const highest = weightText(Math.max(...weights));
  const got = lowest === highest ? lowest : `${lowest} to ${highest}`;
  return (
    `${versions.new} got ${got} of the traffic: if it were as good, about ${oneDecimal(expected)} of the ` +
    `${grouped(all)} failures would have been its own; ${grouped(total(failures, "new"))} were.`
  );
}

function evidenceSentence(text: string): string {
  return text === "none" ? "No evidence that it is worse." : `Evidence that it is worse ${text} (limit 1:${LIMIT}).`;
}

function rangeSentence({ low, high }: Interval): string {
  if (low > 0 && high < Infinity)
    return `It fails ${oneDecimal(low)} to ${oneDecimal(high)} times as often (95 % range).`;
  if (low > 0) return `It fails at least ${oneDecimal(low)} times as often (95 % range).`;
  return high < Infinity ? `It fails at most ${oneDecimal(high)} times as often (95 % range).` : "";
}

function endpointSentence(ledger: EvidenceLedger, failures: number): string {
  const suspect = suspectOf(ledger);
  if (!suspect || suspect.new < 2) return "";
  if (suspect.new === failures) return `All of them on ${suspect.endpoint}.`;
  return `${grouped(suspect.new)} of them on ${suspect.endpoint}.`;
}

function shared(counts: readonly EventCount[]): readonly EventCount[] {
  return counts.filter(({ w }) => w > 0 && w < 1);
}

function total(counts: readonly EventCount[], version: "new" | "old"): number {
  return counts.reduce((sum, each) => sum + each[version], 0);
}

/** The failed share; 0 when there was nothing. */
export function shareFailed({ requests, failures }: Tally): number {
  return requests === 0 ? 0 : Math.min(1, failures / requests);
}

function inBrackets(tally: Tally): string {
  return tally.requests === 0 ? "" : ` (${percent(shareFailed(tally))})`;
}

function requestsWord(count: number): string {
  return `${grouped(count)} ${count === 1 ? "request" : "requests"}`;
}

function rateText(rate: number): string {
  return `${rate >= 10 ? grouped(Math.round(rate)) : oneDecimal(rate)} requests/s`;
}

function oneDecimal(value: number): string {
  if (value > 0 && value < 0.095) return String(Number(value.toPrecision(1)));
  return value >= 10 ? grouped(Math.round(value)) : String(Number(value.toFixed(1)));
}

/** A share with two digits that count: `3.0 %`, `0.17 %`, `20 %`, `0 %`. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return "0 %";
  if (value >= 9.95) return `${Math.round(value)} %`;
  if (value < 0.0001) return "under 0.0001 %";
  const rounded = Number(value.toPrecision(2));
  return `${rounded.toFixed(1 - Math.floor(Math.log10(rounded)))} %`;
}

/** A difference of shares: `0.30 points`. */
export function points(share: number): string {
  return `${percent(share).replace(" %", "")} points`;
}

/** A weight as a person writes it: `5 %`, `0.15 %`. */
export function weightText(w: number): string {
  return `${Number((w * 100).toPrecision(3))} %`;
}
