import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearNames } from "./near-name.ts";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "acb", 1],
  ["abc", "abcd", 1],
  ["kitten", "sitting", 3],
])("%s → %s takes %i mistakes", (a, b, distance) => expect(editDistance(a, b)).toBe(distance));

test("distance is symmetric and bounded by the longer name", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test("names what was probably meant, nearest first", () => {
  const known = [
    "ftgo-restaurant-service:1.0.0.RELEASE",
    "ftgo-restaurant-service:1.1.0.RELEASE",
    "ftgo-order-service:1.0.0",
  ];
  expect(nearNames("ftgo-restarant-service:1.1.0.RELEASE", known)).toEqual([known[1], known[0]]);
  expect(nearNames("nginx:1", known)).toEqual([]);
});
