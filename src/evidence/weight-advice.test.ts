import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { upperRate } from "./upper-rate.ts";
import { adviseWeight, firstWeight, type WeightView } from "./weight-advice.ts";

test.each([
  ["nothing is known of the traffic", 0, 5, 0.2],
  ["a trickle", 1, 5, 0.2],
  ["100 requests/s", 100, 5, 0.0167],
  ["10,000 requests/s", 10_000, 5, 0.001],
  ["a larger budget buys a larger start", 100, 15, 0.05],
])("first weight: %s", (_, rate, budget, w) => expect(firstWeight(rate, budget)).toBe(w));

const base: WeightView = {
  w: 0.05,
  rate: 100,
  budget: 5,
  upper: upperRate(300, 0),
  oldShare: 0,
  requests: 300,
  failures: 0,
};
const cases: readonly [string, Partial<WeightView>, number][] = [
  ["grows by half when the budget allows more", {}, 0.075],
  ["grows to what the budget allows", { upper: 0.25 }, 0.0667],
  ["shrinks when the budget allows less than now", { upper: 0.5, rate: 200 }, 0.0167],
  ["stops at the cap", { w: 0.4, upper: 0.001 }, 0.5],
  ["stops at a quarter at low traffic", { w: 0.2, rate: 0.5, upper: 0.05 }, 0.25],
  ["a failure share that the old version has as well costs nothing", { upper: 0.25, oldShare: 0.25 }, 0.075],
  ["never falls under 0.1 %", { w: 0.001, upper: 1, rate: 100_000 }, 0.001],
];
test.each(cases)("next weight %s", (_, change, next) => expect(adviseWeight({ ...base, ...change }).next).toBe(next));

describe("all traffic", () => {
  test("is affordable once the budget covers it, and 0.3 points are ruled out later", () => {
    const at = (requests: number): WeightView => ({ ...base, w: 0.5, requests, upper: upperRate(requests, 0) });
    expect(adviseWeight(at(300))).toMatchObject({ affordable: false, ruledOut: false });
    expect(adviseWeight(at(500))).toMatchObject({ affordable: true, ruledOut: false });
    expect(adviseWeight(at(2600))).toMatchObject({ affordable: true, ruledOut: true });
    expect(adviseWeight(at(300)).requestsForAll).toBeGreaterThan(2000);
    expect(adviseWeight(at(300)).requestsForAll).toBeLessThan(2600);
  });
});

test("the number of requests that is announced is the number that it takes", () => {
  fc.assert(
    fc.property(fc.constantFrom(0.01, 0.05, 0.2), fc.constantFrom(20, 100, 1000), fc.nat(3), (w, rate, failures) => {
      const view = { ...base, w, rate, failures, requests: 0, upper: 1, oldShare: 0.001 };
      const { requestsForNext } = adviseWeight(view);
      const next = (requests: number): number =>
        adviseWeight({ ...view, requests, upper: upperRate(requests, failures) }).next;
      expect(next(requestsForNext)).toBeGreaterThanOrEqual(1.5 * w * 0.99);
      if (requestsForNext > 20) expect(next(Math.floor(requestsForNext * 0.8))).toBeLessThan(1.5 * w);
    }),
  );
});

test("growth never costs more than the budget within a reaction, as far as the bound holds", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.5, noNaN: true }),
      fc.double({ min: 0.01, max: 5000, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (w, rate, upper) => {
        const { next, excess } = adviseWeight({ ...base, w, rate, upper });
        expect(next).toBeLessThanOrEqual(Math.max(0.5, w));
        if (next > 0.0011) expect(next * rate * 3 * excess).toBeLessThanOrEqual(base.budget * 1.01);
      },
    ),
  );
});
