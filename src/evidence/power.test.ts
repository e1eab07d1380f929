import { expect, test } from "vitest";
import { expectedFailures, noticeableShare } from "./power.ts";

test.each([
  [2, [42, 45, 48, 60, 95, 516]],
  [5, [10, 11, 12, 16, 28, 163]],
  [10, [6, 7, 7, 10, 19, 116]],
  [100, [2, 3, 4, 6, 13, 81]],
])("a version that fails %d times as often costs, at 1, 5, 10, 25, 50 and 90 %%", (ratio, failures) => {
  for (const [i, w] of [0.01, 0.05, 0.1, 0.25, 0.5, 0.9].entries())
    expect(Math.abs(expectedFailures(ratio, w) - (failures[i] ?? 0))).toBeLessThan(1);
});

test.each([
  [100, 120, 0.011],
  [100, 1800, 0.0027],
  [10, 120, 0.059],
  [10, 1800, 0.0082],
  [1, 120, 0.48],
  [1, 1800, 0.042],
])("%d requests/s, base 0.1 %%, after %d s at 5 %%", (rate, seconds, share) => {
  expect(Number(noticeableShare(rate * seconds * 0.05, 0.05, 0.001).toPrecision(2))).toBe(share);
});

test("two requests notice nothing", () => expect(noticeableShare(2, 0.05, 0.001)).toBe(1));
