import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Trip } from "../../api/generated/sluice-dev.ts";
import { type FailureCount, tripDecision } from "./trip-decision.ts";

const count = (fresh: number, old: number, endpoint = "GET /a", epoch = "e1"): FailureCount => ({
  epoch,
  endpoint,
  new: fresh,
  old,
});
const base: Trip["spec"] = { session: "s", backend: "b", since: [], limits: [{ failures: [2, 3] }] };
const since = (fresh: number, old: number, endpoint?: string, epoch = "e1") => ({
  epoch,
  new: fresh,
  old,
  ...(endpoint && { endpoint }),
});

const cases: readonly [string, Partial<Trip["spec"]>, readonly FailureCount[], object | undefined][] = [
  ["nothing has failed", {}, [], undefined],
  ["below the limit", {}, [count(1, 0)], undefined],
  ["at the limit", {}, [count(2, 0)], { new: 2, old: 0 }],
  ["above it", {}, [count(5, 0)], { new: 5, old: 0 }],
  ["a failure of old weakens the evidence", {}, [count(2, 1)], undefined],
  ["… and more of new outweighs it", {}, [count(3, 1)], { new: 3, old: 1 }],
  ["past the end of the list never", {}, [count(99, 2)], undefined],
  ["what the limits contain already does not count", { since: [since(3, 1, "GET /a")] }, [count(4, 1)], undefined],
  ["only what is further does", { since: [since(3, 1, "GET /a")] }, [count(5, 1)], { new: 2, old: 0 }],
  ["all workers together", {}, [count(1, 0), count(1, 0, "GET /a", "e2")], { new: 2, old: 0 }],
  ["all endpoints together", {}, [count(1, 0), count(1, 0, "GET /b")], { new: 2, old: 0 }],
  [
    "a run that began anew counts from nothing",
    { since: [since(9, 9, "GET /a")] },
    [count(2, 0, "GET /a", "e2")],
    { new: 2, old: 0 },
  ],
  [
    "a report that is behind does not subtract",
    { since: [since(9, 9, "GET /a")] },
    [count(1, 1), count(2, 0, "GET /b")],
    { new: 2, old: 0 },
  ],
  ["a sum over endpoints as since", { since: [since(3, 0)] }, [count(2, 0), count(2, 0, "GET /b")], undefined],
  [
    "a limit of one endpoint",
    { limits: [{ endpoint: "GET /b", failures: [1] }] },
    [count(9, 0), count(1, 0, "GET /b")],
    { endpoint: "GET /b", new: 1, old: 0 },
  ],
  ["… is not reached by others", { limits: [{ endpoint: "GET /b", failures: [1] }] }, [count(9, 0)], undefined],
  [
    "the first of several limits that is reached",
    { limits: [{ failures: [9] }, { endpoint: "GET /a", failures: [2] }] },
    [count(2, 0)],
    { endpoint: "GET /a", new: 2, old: 0 },
  ],
  ["no limits: never", { limits: [] }, [count(99, 0)], undefined],
];
test.each(cases)("%s", (_, change, counts, want) => expect(tripDecision({ ...base, ...change }, counts)).toEqual(want));

describe("always", () => {
  const counts = fc
    .array(fc.tuple(fc.nat(5), fc.nat(3), fc.constantFrom("GET /a", "GET /b"), fc.constantFrom("e1", "e2")))
    .map((rows) => {
      const byKey = new Map(
        rows.map(([fresh, old, endpoint, epoch]) => [epoch + endpoint, count(fresh, old, endpoint, epoch)]),
      );
      return [...byKey.values()];
    });

  test("one more failure of new never takes a trip back", () =>
    fc.assert(
      fc.property(counts, (rows) => {
        const more = rows.map((row, i) => (i === 0 ? { ...row, new: row.new + 1 } : row));
        expect(tripDecision(base, rows) === undefined || tripDecision(base, more) !== undefined).toBe(true);
      }),
    ));

  test("the order of the counts does not matter", () =>
    fc.assert(
      fc.property(counts, (rows) => {
        expect(tripDecision(base, rows.toReversed())).toEqual(tripDecision(base, rows));
      }),
    ));
});
