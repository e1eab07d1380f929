import { addRequests, guardTest, type RateTest } from "./rate-test.ts";
import { addEvents, splitTest, worseTest } from "./ratio-test.ts";
import type { EventCount } from "./ratio-interval.ts";
import { openingStakes, openSlots, type Stakes, valueOf } from "./stakes.ts";

/**
 * All the evidence about one attempt of a release, as one immutable value of plain JSON. One stake of 1 lies on "no worse":
 * half on all failures together, half on failures by endpoint, of which the k-th endpoint to fail gets 1/(k (k + 1)), so
 * that one dead endpoint of many is found and named. The split check and the absolute guard have stakes of their own.
 * Kinds of evidence that come later (latency, 4xx, log lines) take their stakes from these halves.
 */
export interface EvidenceLedger {
  readonly pooled: Stakes;
  /** In the order in which they failed first, on either version. */
  readonly endpoints: readonly EndpointEvidence[];
  readonly split: Stakes;
  readonly guard: Stakes;
  /** What the guard tolerates, as a share of all requests of the service. */
  readonly guardTolerates: number;
  /** Slots opened so far. */
  readonly slots: number;
  /** Requests and failures by w, for ranges, shares and receipts. */
  readonly requests: readonly EventCount[];
  readonly failures: readonly EventCount[];
}

export interface EndpointEvidence {
  readonly endpoint: string;
  readonly stakes: Stakes;
  readonly new: number;
  readonly old: number;
}

/** What happened since the last look. Counts are of requests that were drawn with chance `w` for the new version. */
export interface Happened {
  /** Requests that ended. */
  readonly requests: readonly EventCount[];
  /** Draws: requests at the moment they were routed; nothing when the data plane does not tell. */
  readonly drawn: readonly EventCount[];
  readonly failures: readonly FailureCount[];
}

export interface FailureCount extends EventCount {
  readonly endpoint: string;
  /** Failures of new that were answered by the old version after all; as long as that stays (w < 1), the guard does not count them. */
  readonly rescued: number;
}

/** The evidence at which a release ends; `1 / alpha`. */
export const LIMIT = 100;
/** The evidence at which the split counts as broken. */
export const SPLIT_LIMIT = 1000;
/** The evidence at which the service counts as burning. */
export const GUARD_LIMIT = 400;
/** Growth stops while the evidence is above. */
export const FREEZE = 5;
/** Length of a slot. */
export const SLOT_MS = 60_000;
/** 10 times the failures that an availability of 99.9 % allows. */
export const GUARD_TOLERATES = 0.01;

export const failureTest: ReturnType<typeof worseTest> = worseTest();
const split = splitTest();

export function openLedger(guardTolerates: number = GUARD_TOLERATES): EvidenceLedger {
  return {
    pooled: openingStakes(failureTest),
    endpoints: [],
    split: openingStakes(split),
    guard: openingStakes(guardTest(guardTolerates)),
    guardTolerates,
    slots: 0,
    requests: [],
    failures: [],
  };
}

/** The share of the endpoints' half that the k-th endpoint to fail gets: 1/2, 1/6, 1/12, … */
export function shareOf(k: number): number {
  return 1 / (k * (k + 1));
}

/**
 * Opens the slots that are due `elapsed` milliseconds after the first user, then adds what happened. The order of what
 * happened within one call does not matter: endpoints that fail for the first time are taken in order of their names.
 */
export function addToLedger(ledger: EvidenceLedger, happened: Happened, elapsed: number): EvidenceLedger {
  const due = Math.max(ledger.slots, Math.floor(elapsed / SLOT_MS));
  const opened = openAll(ledger, due - ledger.slots);
  const failures = happened.failures.filter(({ w }) => w > 0 && w < 1);
  const drawn = happened.drawn.filter(({ w }) => w > 0 && w < 1);
  const guard = guardTest(ledger.guardTolerates);
  const pooled = sumByW(failures);
  return {
    ...opened,
    pooled: pooled.reduce((s, { w, new: fresh, old }) => addEvents(failureTest, s, w, fresh, old), opened.pooled),
    endpoints: addEndpoints(opened, failures),
    split: sumByW(drawn).reduce((s, { w, new: fresh, old }) => addEvents(split, s, w, fresh, old), opened.split),
    guard: addToGuard(guard, opened.guard, happened),
    requests: sumByW([...ledger.requests, ...happened.requests]),
    failures: sumByW([...ledger.failures, ...happened.failures]),
  };
}

/** Starts the guard anew with another tolerance, as after 100 %, where there is no old version to compare with. */
export function restartGuard(ledger: EvidenceLedger, tolerates: number): EvidenceLedger {
  return { ...ledger, guard: openingStakes(guardTest(tolerates)), guardTolerates: tolerates };
}

/** E, the evidence that the new version is worse. */
export function evidenceOf(ledger: EvidenceLedger): number {
  const seen = ledger.endpoints.length;
  const byEndpoint = ledger.endpoints.reduce((sum, { stakes }, i) => sum + shareOf(i + 1) * valueOf(stakes), 0);
  return 0.5 * valueOf(ledger.pooled) + 0.5 * (byEndpoint + 1 / (seen + 1));
}

export function splitEvidence(ledger: EvidenceLedger): number {
  return valueOf(ledger.split);
}

export function guardEvidence(ledger: EvidenceLedger): number {
  return valueOf(ledger.guard);
}

/** The endpoint with the most evidence of its own, if one has any worth a mention. */
export function suspectOf(ledger: EvidenceLedger): EndpointEvidence | undefined {
  let suspect: EndpointEvidence | undefined;
  for (const each of ledger.endpoints) {
    if (each.new > 0 && (!suspect || valueOf(each.stakes) > valueOf(suspect.stakes))) suspect = each;
  }
  return suspect;
}

function openAll(ledger: EvidenceLedger, count: number): EvidenceLedger {
  if (count <= 0) return ledger;
  return {
    ...ledger,
    pooled: openSlots(failureTest, ledger.pooled, count),
    endpoints: ledger.endpoints.map((each) => ({ ...each, stakes: openSlots(failureTest, each.stakes, count) })),
    split: openSlots(split, ledger.split, count),
    guard: openSlots(guardTest(ledger.guardTolerates), ledger.guard, count),
    slots: ledger.slots + count,
  };
}

function addEndpoints(ledger: EvidenceLedger, failures: readonly FailureCount[]): EndpointEvidence[] {
  const known = new Set(ledger.endpoints.map(({ endpoint }) => endpoint));
  const names = [...new Set(failures.map(({ endpoint }) => endpoint))].filter((name) => !known.has(name)).sort();
  // A new name joins as if it had been there from the start: nothing of it has failed, so its stakes were only moved.
  const joined = names.map((endpoint) => ({
    endpoint,
    stakes: openSlots(failureTest, openingStakes(failureTest), ledger.slots),
    new: 0,
    old: 0,
  }));
  return [...ledger.endpoints, ...joined].map((each) => {
    const own = sumByW(failures.filter(({ endpoint }) => endpoint === each.endpoint));
    return own.reduce(
      (sum, { w, new: fresh, old }) => ({
        ...sum,
        stakes: addEvents(failureTest, sum.stakes, w, fresh, old),
        new: sum.new + fresh,
        old: sum.old + old,
      }),
      each,
    );
  });
}

function addToGuard(test: RateTest, stakes: Stakes, happened: Happened): Stakes {
  const requests = happened.requests.reduce((sum, each) => sum + each.new + each.old, 0);
  // At 100 % the old version is about to go: what it still answers is what users will miss then.
  const failed = happened.failures.reduce(
    (sum, { w, new: fresh, old, rescued }) => sum + fresh + old - (w < 1 ? rescued : 0),
    0,
  );
  return addRequests(test, stakes, Math.max(requests, failed), failed);
}

/** One entry for each w, in order of w. */
export function sumByW(counts: readonly EventCount[]): EventCount[] {
  const sums = new Map<number, EventCount>();
  for (const { w, new: fresh, old } of counts) {
    const sum = sums.get(w);
    sums.set(w, { w, new: (sum?.new ?? 0) + fresh, old: (sum?.old ?? 0) + old });
  }
  return [...sums.values()].sort((a, b) => a.w - b.w);
}
