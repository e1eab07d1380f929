import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addToLedger,
  type EvidenceLedger,
  evidenceOf,
  type FailureCount,
  LIMIT,
  openLedger,
} from "./evidence-ledger.ts";
import { tripLimits } from "./trip-limits.ts";

const failure = (w: number, endpoint: string, fresh: number, old: number): FailureCount => ({
  w,
  endpoint,
  new: fresh,
  old,
  rescued: 0,
});
const add = (ledger: EvidenceLedger, ...failures: FailureCount[]): EvidenceLedger =>
  addToLedger(ledger, { requests: [], drawn: [], failures }, 0);

describe("limits at which the mesh shuts the gate", () => {
  test.each([
    [0.01, [2, 3, 3, 3]],
    [0.05, [3, 4, 4, 5]],
    [0.1, [4, 5, 5, 6]],
    [0.25, [6, 8, 9, 10]],
    [0.5, [10, 15, 18, 21]],
  ])("nothing has failed, weight %d", (w, firstFour) => {
    const limits = tripLimits(openLedger(), w);
    expect(limits).toHaveLength(1);
    expect(limits[0]?.endpoint).toBeUndefined();
    expect(limits[0]?.failures.slice(0, 4)).toEqual(firstFour);
  });

  test("failures that are known already leave fewer to go", () => {
    const limits = tripLimits(add(openLedger(), failure(0.05, "GET /", 2, 0)), 0.05);
    expect(limits[0]?.failures[0]).toBe(1);
  });

  test("an endpoint of its own shows while others drown the sum", () => {
    let ledger = add(openLedger(), failure(0.05, "POST /cart", 2, 0));
    ledger = add(ledger, failure(0.05, "GET /noisy", 0, 100));
    const own = tripLimits(ledger, 0.05).find(({ endpoint }) => endpoint === "POST /cart");
    expect(own?.failures[0]).toBeLessThanOrEqual(3);
  });

  test("there is nothing to compare, and no limit, at weight 0 and 100 %", () => {
    expect(tripLimits(openLedger(), 0)).toEqual([]);
    expect(tripLimits(openLedger(), 1)).toEqual([]);
  });

  const names = ["GET /a", "GET /b", "POST /c", "GET /unseen"];
  const past = fc.array(
    fc.record({
      w: fc.constantFrom(0.01, 0.05, 0.25),
      endpoint: fc.constantFrom(...names.slice(0, 3)),
      new: fc.nat(2),
      old: fc.nat(4),
      rescued: fc.constant(0),
    }),
    { maxLength: 6 },
  );

  test("a mesh that keeps to them never ends a release before its evidence is at the limit", () => {
    fc.assert(
      fc.property(
        past,
        fc.constantFrom(0.01, 0.05, 0.2, 0.5),
        fc.array(fc.constantFrom(...names), { maxLength: 12 }),
        fc.infiniteStream(fc.constantFrom(...names)),
        (before, w, oldOnes, newOnes) => {
          const ledger = before.reduce((l, f) => add(l, f), openLedger());
          const oldFailures = oldOnes.map((endpoint) => failure(w, endpoint, 0, 1));
          for (const { endpoint, failures } of tripLimits(ledger, w)) {
            const counted = oldOnes.filter((name) => endpoint === undefined || name === endpoint).length;
            const m = failures[counted];
            if (m === undefined) continue;
            const fresh = Array.from({ length: m }, () => failure(w, endpoint ?? String(newOnes.next().value), 1, 0));
            expect(evidenceOf(add(ledger, ...oldFailures, ...fresh))).toBeGreaterThanOrEqual(LIMIT * (1 - 1e-9));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("more failures of the old version never make the limit smaller", () => {
    fc.assert(
      fc.property(past, fc.constantFrom(0.01, 0.05, 0.2, 0.5), (before, w) => {
        const ledger = before.reduce((l, f) => add(l, f), openLedger());
        for (const { failures } of tripLimits(ledger, w))
          for (let k = 1; k < failures.length; k++) expect(failures[k]).toBeGreaterThanOrEqual(failures[k - 1] ?? 0);
      }),
    );
  });
});
