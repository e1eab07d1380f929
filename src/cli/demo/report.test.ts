import { expect, test } from "vitest";
import type { RequestRecord } from "./load/record.ts";
import { type ActRun, holds, makeReport, reportText } from "./report.ts";

const record = (at: number, change: Partial<RequestRecord> = {}): RequestRecord => ({
  at,
  took: 2,
  user: "a",
  operation: "show menu",
  method: "GET",
  status: 200,
  ...change,
});
const good = { text: "nothing fails", ok: true, measured: "0 of 2" };
const bad = { text: "it is quick", ok: false, measured: "9 s" };
const run = (change: Partial<ActRun> = {}): ActRun => ({ name: "1", from: 0, to: 10_040, claims: [good], ...change });

test("an act's figures are those of the requests that were sent during it", () => {
  const records = [record(0), record(10_039, { status: 500, user: "b" }), record(10_040, { status: 404 })];
  const report = makeReport([run(), run({ name: "2", from: 10_040, to: 11_000, claims: [bad] })], records);
  expect(report.acts).toEqual([
    { name: "1", sent: 2, failed: 1, refused: 0, usersHit: 1, seconds: 10, claims: [good] },
    { name: "2", sent: 1, failed: 0, refused: 1, usersHit: 0, seconds: 1, claims: [bad] },
  ]);
});

test("a report holds when there are claims and each of them does", () => {
  expect(holds(makeReport([run()], []))).toBe(true);
  expect(holds(makeReport([run(), run({ claims: [good, bad] })], []))).toBe(false);
  expect(holds(makeReport([run({ claims: [] })], []))).toBe(false);
});

test("the table has a line for each act, and below it what does not hold", () => {
  expect(reportText(makeReport([run(), run({ claims: [good, bad] })], [record(5)]))).toBe(`\
ACT   REQUESTS   FAILED   USERS HIT   SECONDS   CLAIMS
1     1          0        0           10.0      all 1 hold
1     1          0        0           10.0      1 do not hold

These claims do not hold:
  ✗ 1: it is quick: 9 s
`);
  expect(reportText(makeReport([run()], []))).toMatch(/\nEvery claim holds\.\n$/);
});
