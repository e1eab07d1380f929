import { expect, test } from "vitest";
import type { MeshWorker, Release } from "../../api/generated/sluice-dev.ts";
import { failuresIn, lastSentTo, versionCounts } from "./client-view.ts";
import type { RequestRecord } from "./load/record.ts";
import { compareReceipt, reaction, tripsOf } from "./release-view.ts";

const NEW = "1.3.0";
const record = (at: number, change: Partial<RequestRecord> = {}): RequestRecord => ({
  at,
  took: 10,
  user: `user-${at}`,
  operation: "show menu",
  method: "GET",
  status: 200,
  version: NEW,
  ...change,
});
const failed = (at: number, change: Partial<RequestRecord> = {}): RequestRecord =>
  record(at, { status: 500, ...change });
const old = (at: number): RequestRecord => record(at, { version: "1.2.0" });
const order = (at: number, change: Partial<RequestRecord> = {}): RequestRecord =>
  record(at, { operation: "place order", method: "POST", version: "1.0.0", ...change });
const release = (counts: { requests: number; failures: number; usersHit: number }): Release =>
  ({ metadata: { name: "web-2", uid: "3f1c9a70-0e0f" }, status: { attempt: 2, new: counts } }) as Release;
const worker = (...trips: readonly { session: string; time: string }[]): MeshWorker =>
  ({ status: { trips } }) as unknown as MeshWorker;

test("what counts is the gate of this attempt", () => {
  const mine = { session: "web-2.2.3f1c9a70", time: "2026-01-01T00:00:03.250Z" };
  const others = ["web-2.1.3f1c9a70", "web-2.2.77aa0c11", "web-3.2.3f1c9a70"].map((session) => ({
    session,
    time: "2026-01-01T00:00:00Z",
  }));
  const some = release({ requests: 0, failures: 0, usersHit: 0 });
  expect(tripsOf([worker(...others, mine), worker(), worker(mine)], some)).toEqual([mine, mine]);
});

test("the reaction is from the first count of the deciding failure to the last request on the version", () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const trip = (time: number, lastRequest?: number): { session: string; time: string; lastRequest?: string } => ({
    session: "web-2.2",
    time: at(time),
    ...(lastRequest !== undefined && { lastRequest: at(lastRequest) }),
  });
  const records = [record(100), failed(200), record(450), old(900)];
  expect(lastSentTo(records, NEW)).toBe(450);
  expect(reaction(records, NEW, [trip(215), trip(210)])).toBe(240);
  expect(reaction(records, NEW, [trip(210, 460), trip(220, 300)])).toBe(250);
  expect(reaction(records, NEW, [trip(500)])).toBe(0);
  expect(reaction([old(1)], NEW, [trip(0)])).toBe(0);
  expect(reaction(records, NEW, [])).toBeUndefined();
});

const agreement: readonly (readonly [
  sentence: string,
  counts: { requests: number; failures: number; usersHit: number },
  records: readonly RequestRecord[],
  agrees: boolean,
])[] = [
  ["the same counts", { requests: 2, failures: 1, usersHit: 1 }, [record(1), failed(2), old(3)], true],
  ["an order's own request on top", { requests: 3, failures: 1, usersHit: 1 }, [record(1), failed(2), order(3)], true],
  [
    "an order that failed with its request",
    { requests: 2, failures: 1, usersHit: 1 },
    [record(1), order(3, { status: 502 })],
    true,
  ],
  [
    "failures that the old version made good",
    { requests: 3, failures: 1, usersHit: 0 },
    [record(1), record(2), old(3)],
    true,
  ],
  ["a failure too few", { requests: 2, failures: 1, usersHit: 1 }, [failed(1), failed(2)], false],
  ["a user too many", { requests: 2, failures: 2, usersHit: 2 }, [failed(1), failed(2, { user: "user-1" })], false],
  ["requests too few", { requests: 1, failures: 0, usersHit: 0 }, [record(1), record(2)], false],
  ["requests that nobody sent", { requests: 9, failures: 0, usersHit: 0 }, [record(1), order(2)], false],
];

test.each(agreement)("a receipt and a log: %s", (_, counts, records, agrees) => {
  expect(compareReceipt(release(counts), records, NEW).agrees).toBe(agrees);
});

test("versions are counted where the restaurant service itself answered", () => {
  expect(versionCounts([record(1), old(2), old(3), order(4), failed(5)])).toEqual([
    ["1.2.0", 2],
    [NEW, 2],
  ]);
  expect(failuresIn([record(1), failed(2), record(3, { error: "ECONNRESET" })])).toHaveLength(2);
});
