import type { MeshWorker, ReleasePolicy } from "../api/generated/sluice-dev.ts";
import {
  type EvidenceLedger,
  evidenceOf,
  FREEZE,
  GUARD_LIMIT,
  guardEvidence,
  LIMIT,
  SPLIT_LIMIT,
  splitEvidence,
  suspectOf,
} from "../evidence/evidence-ledger.ts";
import { odds } from "../evidence/odds.ts";
import type { EventCount } from "../evidence/ratio-interval.ts";
import { ratioInterval } from "../evidence/ratio-interval.ts";
import {
  accusation,
  clearance,
  littleSeen,
  loneDamage,
  planningLine,
  points,
  shareFailed,
  sharedDamage,
  tallies,
  type Versions,
} from "../evidence/sentences.ts";
import { upperRate } from "../evidence/upper-rate.ts";
import { adviseWeight, firstWeight } from "../evidence/weight-advice.ts";
import { countUsers, readSketch } from "../lib/user-sketch.ts";
import type { EvidenceFinding, Findings, TripFinding, VersionCounts, Words } from "../plan/release/findings.ts";
import { rateOf, retriedOf, type SessionLedger, usersHit } from "./session-ledger.ts";

/** Failed requests that one reaction may cost, when a policy does not say. */
const DEFAULT_BUDGET = 5;
/** A share of failures for the planning line while nothing has failed yet. */
const SMALL_BASE = 0.001;

export interface FindingsInput {
  readonly ledger: SessionLedger;
  readonly policy: ReleasePolicy | undefined;
  readonly versions: Versions;
  /** The weight that the rule has now, as a share. */
  readonly w: number;
  readonly workers: readonly MeshWorker[];
}

/** What the ledger says, for the planner. */
export function findingsOf({ ledger, policy, versions, w, workers }: FindingsInput): Findings {
  const { evidence } = ledger;
  const { rate, measured } = rateOf(ledger);
  const budget = policy?.spec.failureBudget ?? DEFAULT_BUDGET;
  const shared = tallies(evidence);
  const upper = upperRate(shared.new.requests, shared.new.failures);
  const oldShare = shareFailed(shared.old);
  const advice = adviseWeight({ w, rate, budget, upper, oldShare, ...shared.new });
  const trip = tripOf(workers, ledger.session);
  return {
    rate,
    measured,
    new: countsFor("new", ledger),
    old: countsFor("old", ledger),
    evidence: evidenceFinding(evidence, upper),
    splitBroken: splitEvidence(evidence) >= SPLIT_LIMIT,
    burning: isBurning(ledger),
    advice: { ...advice, first: firstWeight(rate, budget) },
    words: wordsOf(evidence, versions, { w, rate, oldShare, excess: advice.excess, alone: ledger.stage === "alone" }),
    ...(trip && { trip }),
  };
}

/**
 * The service fails more than it may, and the new version does too: taking users back from a version that is well to one that
 * burns would help nobody.
 */
function isBurning({ evidence, stage }: SessionLedger): boolean {
  if (guardEvidence(evidence) < GUARD_LIMIT) return false;
  return stage === "alone" || shareFailed(tallies(evidence).new) > evidence.guardTolerates;
}

function evidenceFinding(ledger: EvidenceLedger, upper: number): EvidenceFinding {
  const value = evidenceOf(ledger);
  const { low, high } = ratioInterval(ledger.failures.filter(({ w }) => w > 0 && w < 1));
  const suspect = suspectOf(ledger);
  return {
    value: Number(value.toPrecision(6)),
    odds: odds(value),
    limit: LIMIT,
    reached: value >= LIMIT,
    freezes: value >= FREEZE,
    interval: high < Infinity ? [low, high] : [low],
    upper,
    ...(suspect && { endpoint: suspect.endpoint }),
  };
}

/** All requests from the first user on: those of the comparison, and of 100 %. */
function countsFor(version: "new" | "old", ledger: SessionLedger): VersionCounts {
  const sum = (counts: readonly EventCount[]): number =>
    counts.filter(({ w }) => w > 0).reduce((total, each) => total + each[version], 0);
  const { requests, failures } = ledger.evidence;
  return {
    requests: sum(requests),
    failures: sum(failures),
    retried: version === "new" ? retriedOf(ledger) : 0,
    users: countUsers(readSketch(ledger.users[version].sketch)),
    usersHit: usersHit(ledger, version),
  };
}

interface Scales {
  readonly w: number;
  readonly rate: number;
  readonly oldShare: number;
  readonly excess: number;
  /** Everyone is on the new version. */
  readonly alone: boolean;
}

function wordsOf(ledger: EvidenceLedger, versions: Versions, { w, rate, oldShare, excess, alone }: Scales): Words {
  const { new: fresh } = tallies(ledger);
  const base = Math.max(oldShare, SMALL_BASE);
  return {
    accusation: fresh.requests > 0 ? accusation(ledger, versions) : "",
    clearance: ledger.requests.some(({ w, new: served }) => w > 0 && served > 0) ? clearance(ledger) : "",
    damage: alone ? loneDamage(ledger, versions) : sharedDamage(ledger, versions),
    littleSeen: w > 0 && w < 1 ? littleSeen(fresh.requests, w, base) : "",
    planning: rate > 0 ? planningLine(rate, base) : "",
    excess: points(excess),
  };
}

/** The first trip of the session, with the last request of any worker to the new version. */
function tripOf(workers: readonly MeshWorker[], session: string): TripFinding | undefined {
  const trips = workers
    .flatMap(({ metadata, status }) => (status?.trips ?? []).map((trip) => ({ ...trip, worker: metadata.name })))
    .filter((trip) => trip.session === session)
    .sort((a, b) => (a.time < b.time ? -1 : 1));
  const [first] = trips;
  if (!first) return undefined;
  const last = trips
    .flatMap(({ lastRequest }) => lastRequest ?? [])
    .sort()
    .at(-1);
  return {
    by: first.by ?? first.worker,
    time: first.time,
    ...(first.endpoint !== undefined && { endpoint: first.endpoint }),
    ...(last !== undefined && { lastRequest: last }),
  };
}
