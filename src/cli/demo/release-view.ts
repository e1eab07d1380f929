import type { MeshWorker, Release } from "../../api/generated/sluice-dev.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { answeredBy, endOf, failuresIn, lastSentTo, usersOf } from "./client-view.ts";
import type { RequestRecord } from "./load/record.ts";

/** What a release cost, as its clients saw it and as its receipt tells it. Pure. */

/** When the mesh shut the gate for the release: the moment at which it had counted the deciding failure. */
export function tripTime(workers: readonly MeshWorker[], release: Release): number | undefined {
  const session = `${release.metadata.name}.${release.status?.attempt ?? 1}`;
  const times = workers
    .flatMap(({ status }) => status?.trips ?? [])
    .filter((trip) => trip.session === session)
    .flatMap(({ time }) => parseTimestamp(time) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** How long after the deciding failure users were still sent to the version; 0 when nobody was. */
export function reaction(records: readonly RequestRecord[], version: string, decided: number): number {
  const last = lastSentTo(records, version);
  return last === undefined ? 0 : Math.max(0, last - decided);
}

/** The last failure that a client saw of this version before the gate shut. */
export function decidingFailure(
  records: readonly RequestRecord[],
  version: string,
  tripped: number,
): RequestRecord | undefined {
  const seen = failuresIn(answeredBy(records, version)).filter((record) => endOf(record) <= tripped + CLOCK_GRAIN);
  return seen.toSorted((a, b) => endOf(b) - endOf(a))[0];
}

/** The mesh counts a failure a moment before its client has read it. */
const CLOCK_GRAIN = 50;

export interface Comparison {
  readonly agrees: boolean;
  readonly text: string;
}

/**
 * Whether the receipt agrees with the log of the clients. The order service's own requests to the restaurant service are in the
 * receipt too; each that fails makes the order fail, so failures and users must be the same, requests at least those of the log and
 * at most those and one for each order.
 */
export function compareReceipt(release: Release, records: readonly RequestRecord[], version: string): Comparison {
  const { requests = 0, failures = 0, usersHit = 0 } = release.status?.new ?? {};
  const direct = answeredBy(records, version).length;
  const orders = records.filter(({ operation }) => operation === "place order").length;
  const failed = failuresIn(records);
  const hit = usersOf(failed).size;
  const retried = failures - failed.length;
  const requestsAgree = requests >= direct && requests <= direct + orders + Math.max(0, retried);
  // Failures that the old version made good are in the receipt alone.
  const failuresAgree = failed.length === 0 ? usersHit === 0 : failures === failed.length && usersHit === hit;
  return {
    agrees: requestsAgree && failuresAgree,
    text: `receipt: ${requests} requests, ${failures} failed, ${usersHit} users; clients: ${direct} direct requests, ${failed.length} failed, ${hit} users`,
  };
}
