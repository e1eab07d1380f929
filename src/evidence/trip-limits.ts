import { type EndpointEvidence, type EvidenceLedger, failureTest, LIMIT, shareOf } from "./evidence-ledger.ts";
import { addEvents } from "./ratio-test.ts";
import { type Stakes, valueOf } from "./stakes.ts";

/**
 * `failures[k]`: how many further failures of the new version bring the evidence to its limit when k further failures of
 * the old version came meanwhile; past the end of the list: not at all. `endpoint` absent: over all endpoints together.
 */
export interface TripLimit {
  readonly endpoint?: string;
  readonly failures: readonly number[];
}

/** Entries of a list: more failures of the old version than this between two looks leave the verdict to the next look. */
const LONGEST = 64;
/** More failures of the new version than this are no tripwire. */
const MOST = 2000;
/** Endpoints with limits of their own, those with the most evidence first. */
const ENDPOINTS = 20;

/**
 * The limits at weight `w`. They are on the safe side, whatever happens until the next look: a data plane that keeps to
 * them never ends a release whose evidence is not at its limit. Over all endpoints, the k old failures are taken to have
 * fallen on every endpoint at once, and the new ones on endpoints that add nothing. For one endpoint, nothing is taken for
 * granted of the other stakes but their reserve, as any number of old failures may have hit them.
 *
 * Example: nothing has failed, w = 5 %: [3, 4, 4, 5, …]; no endpoint has a limit of its own yet.
 */
export function tripLimits(ledger: EvidenceLedger, w: number, limit: number = LIMIT): TripLimit[] {
  if (w <= 0 || w >= 1) return [];
  const ranked = ledger.endpoints
    .map((each, i) => ({ each, share: shareOf(i + 1) }))
    .sort((a, b) => b.share * valueOf(b.each.stakes) - a.share * valueOf(a.each.stakes));
  const limits: TripLimit[] = [{ failures: pooledLimits(ledger, ranked, w, limit) }];
  const unseen = 1 / (ledger.endpoints.length + 1);
  const reserves = 0.5 * ledger.pooled.reserve + 0.5 * unseen * ledger.pooled.reserve;
  for (const { each, share } of ranked.slice(0, ENDPOINTS)) {
    if (each.new === 0) continue;
    const own = limitsFor(each.stakes, w, (stakes) => 0.5 * share * valueOf(stakes) + reserves, limit);
    if (own.length > 0) limits.push({ endpoint: each.endpoint, failures: own });
  }
  return limits.filter(({ failures }) => failures.length > 0);
}

interface Ranked {
  readonly each: EndpointEvidence;
  readonly share: number;
}

function pooledLimits(ledger: EvidenceLedger, ranked: readonly Ranked[], w: number, limit: number): number[] {
  const unseenShare = 1 / (ledger.endpoints.length + 1);
  const considered = ranked.slice(0, ENDPOINTS);
  const ignored = ranked.slice(ENDPOINTS).reduce((sum, { each, share }) => sum + share * each.stakes.reserve, 0);
  // What the endpoints' half is worth at least after k old failures on each of them.
  const endpointsAfter = (k: number): number =>
    considered.reduce(
      (sum, { each, share }) => sum + share * valueOf(addEvents(failureTest, each.stakes, w, 0, k)),
      ignored + unseenShare * ledger.pooled.reserve,
    );
  return limitsFor(ledger.pooled, w, (stakes, k) => 0.5 * valueOf(stakes) + 0.5 * endpointsAfter(k), limit);
}

/** The least m for each k, as long as there is one; m grows with k, so one walk finds all. */
function limitsFor(
  stakes: Stakes,
  w: number,
  evidence: (stakes: Stakes, k: number) => number,
  limit: number,
): number[] {
  const limits: number[] = [];
  let m = 1;
  for (let k = 0; k < LONGEST; k++) {
    while (m <= MOST && evidence(addEvents(failureTest, stakes, w, m, k), k) < limit) m++;
    if (m > MOST) break;
    limits.push(m);
  }
  return limits;
}
