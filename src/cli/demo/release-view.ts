import type { MeshWorker, Release } from "../../api/generated/sluice-dev.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { sessionOf } from "../../plan/gate/names.ts";
import { answeredBy, failuresIn, lastSentTo, usersOf } from "./client-view.ts";
import type { RequestRecord } from "./load/record.ts";

/** What a release cost, as its clients saw it and as its receipt tells it. Pure. */

type Trip = NonNullable<NonNullable<MeshWorker["status"]>["trips"]>[number];

/** How the mesh shut the gate for the release, as each of its workers tells it. */
export function tripsOf(workers: readonly MeshWorker[], release: Release): readonly Trip[] {
  const session = sessionOf(release, release.status?.attempt ?? 1);
  return workers.flatMap(({ status }) => status?.trips ?? []).filter((trip) => trip.session === session);
}

/**
 * Milliseconds from the moment at which the mesh had counted the deciding failure to the last user request on the version, 0 when there
 * was none after it: the clients know of those that it answered, the workers also of those that the old version answered in the end.
 * Undefined when the mesh did not shut the gate.
 */
export function reaction(
  records: readonly RequestRecord[],
  version: string,
  trips: readonly Trip[],
): number | undefined {
  const decided = trips.flatMap(({ time }) => parseTimestamp(time) ?? []);
  if (decided.length === 0) return undefined;
  const sent = trips.flatMap(({ lastRequest }) => parseTimestamp(lastRequest) ?? []);
  const last = Math.max(lastSentTo(records, version) ?? 0, ...sent);
  return Math.max(0, last - Math.min(...decided));
}

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
