import { expect, test } from "vitest";
import type { MeshWorker, Release } from "../../api/generated/sluice-dev.ts";
import { failuresIn, lastSentTo, versionCounts } from "./client-view.ts";
import type { RequestRecord } from "./load/record.ts";
import { compareReceipt, decidingFailure, reaction, tripTime } from "./release-view.ts";

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
  ({ metadata: { name: "web-2" }, status: { attempt: 2, new: counts } }) as Release;
const worker = (...trips: readonly { session: string; time: string }[]): MeshWorker =>
  ({ status: { trips } }) as unknown as MeshWorker;

test("the gate shut when the first worker had counted the deciding failure of this attempt", () => {
  const workers = [
    worker({ session: "web-2.1", time: "2026-01-01T00:00:01.000Z" }),
    worker(
      { session: "web-2.2", time: "2026-01-01T00:00:03.250Z" },
      { session: "web-3.2", time: "2026-01-01T00:00:00Z" },
    ),
    worker({ session: "web-2.2", time: "2026-01-01T00:00:03.200Z" }),
  ];
  const some = release({ requests: 0, failures: 0, usersHit: 0 });
  expect(tripTime(workers, some)).toBe(Date.parse("2026-01-01T00:00:03.200Z"));
  expect(tripTime([worker()], some)).toBeUndefined();
});

test("the reaction is from then to the last request that the version answered", () => {
  const records = [record(100), failed(200), record(450), old(900)];
  expect(lastSentTo(records, NEW)).toBe(450);
  expect(reaction(records, NEW, 210)).toBe(240);
  expect(reaction(records, NEW, 500)).toBe(0);
  expect(reaction([old(1)], NEW, 0)).toBe(0);
});

test("the deciding failure is the last that ended before, a little grain of the clocks allowed", () => {
  const records = [failed(100), failed(180), failed(300), record(190)];
  expect(decidingFailure(records, NEW, 185)?.at).toBe(180);
  expect(decidingFailure(records, NEW, 120)?.at).toBe(100);
  expect(decidingFailure([record(1)], NEW, 120)).toBeUndefined();
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
