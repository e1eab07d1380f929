import fc from "fast-check";
import { expect, it } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { backoffDelay } from "./backoff.ts";

const plain = { base: 1, max: 1000, jitter: 0 };
const never = { next: () => 0, uuid: () => "" };

it.each([
  [1, 1],
  [2, 2],
  [3, 4],
  [10, 512],
  [11, 1000],
  [100_000, 1000],
])("backoffDelay() after %i failures is %i", (failures, delay) => {
  expect(backoffDelay(plain, failures, never)).toBe(delay);
});

it("backoffDelay() stays between the delay and the delay with all its jitter, and never shrinks by more than that", () => {
  fc.assert(
    fc.property(
      fc.record({
        base: fc.integer({ min: 1, max: 1000 }),
        max: fc.integer({ min: 1, max: 1e6 }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer(),
      (backoff, failures, seed) => {
        const exact = backoffDelay({ ...backoff, jitter: 0 }, failures, never);
        const delay = backoffDelay(backoff, failures, seededRandom(seed));
        expect(delay).toBeGreaterThanOrEqual(exact);
        expect(delay).toBeLessThanOrEqual(exact * (1 + backoff.jitter));
        expect(exact).toBeLessThanOrEqual(backoff.max);
      },
    ),
  );
});
