import { expect, test } from "vitest";
import { countUsers, readSketch } from "../../lib/user-sketch.ts";
import { Ledger } from "./ledger.ts";

const USER = "00000000deadbeef";

test("a row for each session, rule, backend and chance; only what was drawn is reported", () => {
  const ledger = new Ledger();
  const tally = ledger.tally("s", "r", "b", 0.05);
  ledger.tally("s", "r", "b", 0.1);
  tally.drawn = 3;
  tally.requests = 2;
  expect(ledger.tally("s", "r", "b", 0.05)).toBe(tally);
  expect(ledger.report().requests).toEqual([{ session: "s", rule: "r", backend: "b", w: 0.05, drawn: 3, requests: 2 }]);
});

test("failures by endpoint, and those that were answered well after all", () => {
  const ledger = new Ledger();
  const tally = ledger.tally("s", "r", "b", 0.05);
  ledger.fail(tally, "GET /a");
  ledger.fail(tally, "GET /a");
  ledger.fail(tally, "GET /b");
  ledger.retried(tally, "GET /a");
  const row = { session: "s", rule: "r", backend: "b", w: 0.05 };
  expect(ledger.report().failures).toEqual([
    { ...row, endpoint: "GET /a", failures: 2, retried: 1 },
    { ...row, endpoint: "GET /b", failures: 1, retried: 0 },
  ]);
});

test("endpoints beyond two hundred are other", () => {
  const ledger = new Ledger();
  const tally = ledger.tally("s", "r", "b", 1);
  for (let i = 0; i < 250; i++) ledger.fail(tally, `GET /${i}`);
  const { failures } = ledger.report();
  expect(failures).toHaveLength(201);
  expect(failures.find((row) => row.endpoint === "other")?.failures).toBe(50);
  expect(ledger.fail(tally, "GET /7")).toBe("GET /7");
});

test("users once each; those hit by name up to a hundred", () => {
  const ledger = new Ledger();
  const tally = ledger.tally("s", "r", "b", 1);
  ledger.served(tally, USER);
  ledger.served(tally, USER);
  ledger.served(tally, "0123456789abcdef");
  for (let i = 0; i < 120; i++) ledger.hit(tally, i.toString(16).padStart(16, "0"));
  ledger.hit(tally, "0000000000000000");
  const [row] = ledger.report().users;
  expect(countUsers(readSketch(row?.sketch))).toBe(2);
  expect([row?.hit?.length, row?.hitMore]).toEqual([100, 20]);
});

test("forgets all sessions but those that are kept", () => {
  const ledger = new Ledger();
  for (const session of ["a", "b"]) {
    const tally = ledger.tally(session, "r", "b", 1);
    tally.drawn = 1;
    ledger.fail(tally, "GET /");
    ledger.served(tally, USER);
  }
  ledger.keepOnly(new Set(["b"]));
  const { requests, failures, users } = ledger.report();
  expect([requests, failures, users].map((rows) => rows.map((row) => row.session))).toEqual([["b"], ["b"], ["b"]]);
});
