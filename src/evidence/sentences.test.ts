import { describe, expect, test } from "vitest";
import { addToLedger, type EvidenceLedger, openLedger } from "./evidence-ledger.ts";
import {
  accusation,
  clearance,
  littleSeen,
  loneDamage,
  percent,
  planningLine,
  sharedDamage,
  weightText,
} from "./sentences.ts";

const versions = { new: "v2.4.0", old: "v2.3.9" };
const ledger = (
  requests: [number, number],
  failures: [number, number],
  endpoint = "POST /cart",
  w = 0.05,
): EvidenceLedger =>
  addToLedger(
    openLedger(),
    {
      requests: [{ w, new: requests[0], old: requests[1] }],
      drawn: [],
      failures: [{ w, endpoint, new: failures[0], old: failures[1], rescued: 0 }],
    },
    0,
  );

describe("words", () => {
  test("against a version: counts, expectation, odds, range, endpoint", () => {
    expect(accusation(ledger([166, 2935], [5, 5]), versions)).toBe(
      "v2.4.0 failed 5 of its 166 requests (3.0 %); v2.3.9 failed 5 of 2,935 in the same time (0.17 %). " +
        "v2.4.0 got 5 % of the traffic: if it were as good, about 0.5 of the 10 failures would have been its own; 5 were. " +
        "Evidence that it is worse 1:300 (limit 1:100). It fails 2.1 to 173 times as often (95 % range). All of them on POST /cart.",
    );
  });

  test("for a version", () => {
    expect(clearance(ledger([4012, 4000], [4, 4], "GET /", 0.5))).toBe(
      "4,012 requests, 4 failed (0.10 %, old 0.10 %). Its failure share is below 0.43 % (95 % sure, valid at any moment).",
    );
  });

  test("for a version that has baked, what happened at 100 % too", () => {
    const baked = { requests: [{ w: 1, new: 9000, old: 0 }], drawn: [], failures: [] };
    expect(clearance(addToLedger(ledger([1000, 1000], [1, 1], "GET /", 0.5), baked, 0))).toMatch(
      /^10,000 requests, 1 failed \(0\.010 %, old 0\.10 %\)\. Its failure share is below/,
    );
  });

  test("nothing has been seen", () => {
    expect(clearance(openLedger())).toBe("0 requests, 0 failed.");
    expect(accusation(openLedger(), versions)).toBe(
      "v2.4.0 failed 0 of its 0 requests; v2.3.9 failed 0 of 0 in the same time. No evidence that it is worse.",
    );
  });

  test("damage that hits both is not blamed on the new version", () => {
    expect(sharedDamage(ledger([500, 9500], [15, 285]), versions)).toBe(
      "Both versions fail more than usual (3.0 %). Not blamed on v2.4.0: it has 5 % of the traffic and 5 % of the failures.",
    );
  });

  test("damage at 100 % has no other version to be compared with", () => {
    const before = ledger([8, 601], [0, 0]);
    expect(loneDamage(before, versions)).toBe("");
    const happened = {
      requests: [{ w: 1, new: 8220, old: 0 }],
      drawn: [],
      failures: [{ w: 1, endpoint: "GET /", new: 78, old: 0, rescued: 50 }],
    };
    expect(loneDamage(addToLedger(before, happened, 0), versions)).toBe(
      "Since everyone is on v2.4.0 it failed 78 of 8,220 requests (0.95 %); 1.0 % are tolerated.",
    );
  });

  test("how little can be seen", () => {
    expect(littleSeen(31, 0.05, 0.001)).toBe(
      "Only 31 requests so far. This release can only notice a version that fails more than 1 in 9; " +
        "wait, send test requests, or decide yourself: promote or abort.",
    );
    expect(littleSeen(1, 0.05, 0.001)).toContain("So few cannot show even a version that always fails");
  });

  test("what may be seen by when", () => {
    expect(planningLine(100, 0.001)).toBe(
      "At 100 requests/s and 0.10 % failures, 2 min at 5 % notice a version that fails 1.1 %, 30 min one that fails 0.27 %.",
    );
  });

  test("no word of statisticians for certainty", () => {
    const all = [
      accusation(ledger([166, 2935], [5, 5]), versions),
      clearance(ledger([10, 90], [1, 1])),
      planningLine(1, 0),
    ];
    for (const text of all) expect(text).not.toMatch(/p-value|significan|confidence/i);
  });

  test.each([
    [0, "0 %"],
    [0.030_12, "3.0 %"],
    [0.0017, "0.17 %"],
    [0.2, "20 %"],
    [0.0998, "10 %"],
    [0.000_997, "0.10 %"],
    [1, "100 %"],
    [1e-8, "under 0.0001 %"],
  ])("the share %d", (share, text) => expect(percent(share)).toBe(text));

  test.each([
    [0.05, "5 %"],
    [0.0167, "1.67 %"],
    [1, "100 %"],
    [0.001, "0.1 %"],
  ])("the weight %d", (w, text) => expect(weightText(w)).toBe(text));
});
