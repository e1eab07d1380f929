import { expect, test } from "vitest";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { Draw } from "./draw.ts";

const counts = (weights: readonly number[], n: number): number[] => {
  const random = seededRandom(7);
  const draw = new Draw(weights.map((weight, i) => ({ weight, i })));
  const seen = weights.map(() => 0);
  for (let k = 0; k < n; k++) {
    const drawn = draw.next(random);
    if (drawn) seen[drawn.i] = (seen[drawn.i] ?? 0) + 1;
  }
  return seen;
};

test.each([[[99, 1]], [[1, 1]], [[70, 30, 0]], [[999_999, 1]], [[1, 2, 3, 4]]])(
  "weights %j within four standard deviations",
  (weights) => {
    const n = 100_000;
    const total = weights.reduce((a, b) => a + b);
    counts(weights, n).forEach((count, i) => {
      const p = (weights[i] ?? 0) / total;
      expect(Math.abs(count - n * p)).toBeLessThanOrEqual(4 * Math.sqrt(n * p * (1 - p)) + 1);
    });
  },
);

test("no weight gets nothing, no weight at all is nothing", () => {
  expect(counts([0, 5], 100)).toEqual([0, 100]);
  expect(counts([0, 0], 100)).toEqual([0, 0]);
  expect(counts([], 100)).toEqual([]);
});

test("each draw is independent of the one before: no rotation", () => {
  const random = seededRandom(3);
  const draw = new Draw([
    { weight: 1, name: "a" },
    { weight: 1, name: "b" },
  ]);
  let changes = 0;
  let last = "";
  for (let i = 0; i < 10_000; i++) {
    const name = draw.next(random)?.name ?? "";
    if (name !== last) changes++;
    last = name;
  }
  // A rotation would change each time; fair coins change every other time.
  expect(Math.abs(changes - 5_000)).toBeLessThan(4 * Math.sqrt(2_500));
});
