import type { MeshWorker } from "../api/generated/sluice-dev.ts";
import {
  addToLedger,
  type EvidenceLedger,
  type FailureCount,
  GUARD_TOLERATES,
  type Happened,
  openLedger,
  restartGuard,
} from "../evidence/evidence-ledger.ts";
import { tallies } from "../evidence/sentences.ts";
import { upperRate } from "../evidence/upper-rate.ts";
import { mergeSketches, readSketch, writeSketch } from "../lib/user-sketch.ts";
import { type Backends, countsOf, type EpochCounts, laterCounts, versionOf } from "./worker-counts.ts";

/**
 * What is known about one session (one attempt of a release): the evidence, and the workers' counts that it contains, so
 * that a report is never counted twice, whoever restarts. Plain JSON; kept in the Release's status and resumed from there.
 */
export interface SessionLedger {
  readonly version: 1;
  readonly session: string;
  readonly evidence: EvidenceLedger;
  /** By run of a worker. Kept for as long as the session: a worker that was away comes back with the same run. */
  readonly epochs: readonly EpochCounts[];
  readonly users: { readonly new: UserCount; readonly old: UserCount };
  /** Time (ms) and requests to both versions since the session began, for the rate. */
  readonly samples: readonly Sample[];
  /** What the guard is for: nobody yet, the comparison, or the new version alone. */
  readonly stage: "before" | "shared" | "alone";
}

export interface UserCount {
  /** lib/user-sketch.ts. */
  readonly sketch: string;
  /** Users who saw a failure, by hash. */
  readonly hit: readonly string[];
}

type Sample = readonly [time: number, requests: number];

/** When users came (ms since the epoch), as far as they have. */
export interface Milestones {
  readonly userTime?: number;
  readonly bakeTime?: number;
}

const MOST_HIT = 500;
/** The rate is that of the last ten seconds, in steps of about one. */
const RATE_MS = 10_000;
const SAMPLE_MS = 900;
/** So many requests say what the old version usually fails. */
const ENOUGH_FOR_BASE = 200;
/** A service that always fails a little is not on fire: this many times its usual share is tolerated. */
const USUAL_TIMES = 3;
/** What the guard tolerates at least when the new version is alone. */
const ALONE_TOLERATES = 0.005;

export function openSession(session: string): SessionLedger {
  const nobody: UserCount = { sketch: "", hit: [] };
  return {
    version: 1,
    session,
    evidence: openLedger(),
    epochs: [],
    users: { new: nobody, old: nobody },
    samples: [],
    stage: "before",
  };
}

/**
 * The ledger that a Release's status holds, if it is this session's. The rate is measured anew: nobody has counted what happened
 * meanwhile, and a rate that is too small would give the new version too many users.
 */
export function resumeSession(written: unknown, session: string): SessionLedger {
  const ledger = written as Partial<SessionLedger> | undefined;
  return ledger?.version === 1 && ledger.session === session
    ? { ...(ledger as SessionLedger), samples: [] }
    : openSession(session);
}

/** Adds what the workers report beyond what is known. `measuring`: the session is in force, so its rate can be measured. */
export function foldWorkers(
  before: SessionLedger,
  workers: readonly MeshWorker[],
  backends: Backends,
  milestones: Milestones,
  now: number,
  measuring: boolean,
): SessionLedger {
  const ledger = enterStage(before, milestones);
  const reports = workers.flatMap(({ status }) => countsOf(status, ledger.session, backends) ?? []);
  const epochs = new Map(ledger.epochs.map((each) => [each.epoch, each]));
  const news: EpochNews[] = [];
  for (const report of reports) {
    const known = epochs.get(report.epoch);
    const later = laterCounts(known, report);
    epochs.set(report.epoch, later);
    news.push({ known, later });
  }
  const elapsed = milestones.userTime === undefined ? 0 : now - milestones.userTime;
  const evidence = addToLedger(ledger.evidence, sumOf(news), elapsed);
  return {
    ...ledger,
    evidence,
    epochs: [...epochs.values()],
    users: { new: usersOf("new", ledger, workers, backends), old: usersOf("old", ledger, workers, backends) },
    samples: measuring ? sampled(ledger.samples, now, totalRequests(evidence)) : ledger.samples,
  };
}

/** Requests per second to both versions, and for how long (ms) they have been measured. */
export function rateOf({ samples }: SessionLedger): { readonly rate: number; readonly measured: number } {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last[0] <= first[0]) return { rate: 0, measured: 0 };
  return { rate: ((last[1] - first[1]) * 1000) / (last[0] - first[0]), measured: last[0] - first[0] };
}

/** Failures that the old version answered after all. */
export function retriedOf({ epochs }: SessionLedger): number {
  return epochs.flatMap(({ failures }) => failures).reduce((sum, { retried }) => sum + retried, 0);
}

/** Users who saw a failure. */
export function usersHit(ledger: SessionLedger, version: "new" | "old"): number {
  return ledger.epochs.reduce((sum, { hitMore }) => sum + hitMore[version], ledger.users[version].hit.length);
}

interface EpochNews {
  readonly known: EpochCounts | undefined;
  readonly later: EpochCounts;
}

function enterStage(ledger: SessionLedger, { userTime, bakeTime }: Milestones): SessionLedger {
  if (bakeTime !== undefined && ledger.stage !== "alone") {
    const { old } = tallies(ledger.evidence);
    const usual = old.requests > 0 ? old.failures / old.requests : 0;
    const tolerates = Math.min(0.5, Math.max(USUAL_TIMES * usual, ALONE_TOLERATES));
    return { ...ledger, stage: "alone", evidence: restartGuard(ledger.evidence, tolerates) };
  }
  if (userTime !== undefined && ledger.stage === "before") {
    return { ...ledger, stage: "shared", evidence: restartGuard(ledger.evidence, toleratedShare(ledger.evidence)) };
  }
  return ledger;
}

/**
 * What the service may fail without being on fire: three times what the old version failed while it was alone. As long as
 * few requests are known, whatever they do not rule out may be usual.
 */
function toleratedShare({ requests, failures }: EvidenceLedger): number {
  const seen = requests.find(({ w }) => w === 0)?.old ?? 0;
  const failed = failures.find(({ w }) => w === 0)?.old ?? 0;
  const usual = seen >= ENOUGH_FOR_BASE ? (USUAL_TIMES * failed) / seen : upperRate(seen, failed);
  return Math.min(0.5, Math.max(usual, GUARD_TOLERATES));
}

function sumOf(news: readonly EpochNews[]): Happened {
  return {
    requests: news.flatMap(({ known, later }) =>
      later.requests.map((row) => {
        const was = known?.requests.find(({ w }) => w === row.w);
        return { w: row.w, new: row.new - (was?.new ?? 0), old: row.old - (was?.old ?? 0) };
      }),
    ),
    drawn: news.flatMap(({ known, later }) =>
      later.requests.map((row) => {
        const was = known?.requests.find(({ w }) => w === row.w);
        return { w: row.w, new: row.drawnNew - (was?.drawnNew ?? 0), old: row.drawnOld - (was?.drawnOld ?? 0) };
      }),
    ),
    failures: news.flatMap(failuresOf),
  };
}

function failuresOf({ known, later }: EpochNews): readonly FailureCount[] {
  return later.failures.flatMap(({ w, endpoint, new: fresh, old, retried }) => {
    const was = known?.failures.find((row) => row.w === w && row.endpoint === endpoint);
    const count: FailureCount = {
      w,
      endpoint,
      new: fresh - (was?.new ?? 0),
      old: old - (was?.old ?? 0),
      rescued: retried - (was?.retried ?? 0),
    };
    return count.new === 0 && count.old === 0 && count.rescued === 0 ? [] : [count];
  });
}

function totalRequests({ requests }: EvidenceLedger): number {
  return requests.reduce((sum, { new: fresh, old }) => sum + fresh + old, 0);
}

function sampled(samples: readonly Sample[], now: number, requests: number): readonly Sample[] {
  const last = samples.at(-1);
  if (last && now - last[0] < SAMPLE_MS) return samples;
  return [...samples.filter(([time]) => now - time <= RATE_MS), [now, requests]];
}

function usersOf(
  version: "new" | "old",
  { session, users }: SessionLedger,
  workers: readonly MeshWorker[],
  backends: Backends,
): UserCount {
  let { sketch } = users[version];
  const hit = new Set(users[version].hit);
  for (const { status } of workers) {
    for (const each of status?.users ?? []) {
      if (each.session !== session || versionOf(each.backend, backends) !== version) continue;
      if (each.sketch && each.sketch !== sketch)
        sketch = sketch === "" ? each.sketch : writeSketch(mergeSketches(readSketch(sketch), readSketch(each.sketch)));
      for (const user of each.hit ?? []) if (hit.size < MOST_HIT) hit.add(user);
    }
  }
  return { sketch, hit: [...hit] };
}
