import fc from "fast-check";
import { expect, test } from "vitest";
import { backendsOf, countsOf, type EpochCounts, laterCounts } from "./worker-counts.ts";

const backends = backendsOf("default", "shop-new", "shop-stable");
const request = (backend: string, w: number, requests: number, session = "shop-2.1", rule = "default/a/release") => ({
  session,
  rule,
  backend: `default/${backend}`,
  w,
  requests,
  drawn: requests + 1,
});
const failure = (backend: string, endpoint: string, failures: number, retried = 0) => ({
  session: "shop-2.1",
  rule: "r",
  backend: `default/${backend}`,
  w: 0.05,
  endpoint,
  failures,
  retried,
});

test("counts of one session, summed over rules and ports", () => {
  const status = {
    epoch: "e1",
    requests: [
      request("shop-new:80", 0.05, 3),
      request("shop-new:81", 0.05, 4, "shop-2.1", "default/b/release"),
      request("shop-stable:80", 0.05, 90),
      request("shop-stable:80", 0, 50),
      request("shop-new:80", 0.5, 999, "shop-2.2"),
      request("cart-new:80", 0.05, 7),
    ],
    failures: [
      failure("shop-new:80", "GET /a", 2, 1),
      failure("shop-new:81", "GET /a", 1),
      failure("shop-stable:80", "GET /b", 4, 9),
    ],
    users: [{ session: "shop-2.1", backend: "default/shop-new:80", hitMore: 2 }],
  };
  expect(countsOf(status, "shop-2.1", backends)).toEqual({
    epoch: "e1",
    requests: [
      { w: 0, new: 0, old: 50, drawnNew: 0, drawnOld: 51 },
      { w: 0.05, new: 7, old: 90, drawnNew: 9, drawnOld: 91 },
    ],
    failures: [
      { w: 0.05, endpoint: "GET /a", new: 3, old: 0, retried: 1 },
      { w: 0.05, endpoint: "GET /b", new: 0, old: 4, retried: 0 },
    ],
    hitMore: { new: 2, old: 0 },
  });
  expect(countsOf({}, "shop-2.1", backends)).toBeUndefined();
});

const counts: fc.Arbitrary<EpochCounts> = fc.record({
  epoch: fc.constant("e"),
  requests: fc.uniqueArray(
    fc.record({
      w: fc.constantFrom(0, 0.01, 0.5),
      new: fc.nat(9),
      old: fc.nat(9),
      drawnNew: fc.nat(9),
      drawnOld: fc.nat(9),
    }),
    { selector: ({ w }) => w },
  ),
  failures: fc.uniqueArray(
    fc.record({
      w: fc.constantFrom(0.01, 0.5),
      endpoint: fc.constantFrom("a", "b"),
      new: fc.nat(9),
      old: fc.nat(9),
      retried: fc.nat(9),
    }),
    { selector: ({ w, endpoint }) => `${w} ${endpoint}` },
  ),
  hitMore: fc.record({ new: fc.nat(9), old: fc.nat(9) }),
});

test("what is known never goes back, in whatever order reports come", () => {
  fc.assert(
    fc.property(counts, counts, counts, (a, b, c) => {
      const one = laterCounts(laterCounts(a, b), c);
      expect(laterCounts(laterCounts(laterCounts(undefined, c), a), b)).toEqual(laterCounts(laterCounts(c, a), b));
      expect(laterCounts(one, b)).toEqual(one);
      for (const row of b.requests)
        expect(one.requests.find(({ w }) => w === row.w)?.new).toBeGreaterThanOrEqual(row.new);
    }),
  );
});
