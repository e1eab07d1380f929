import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import type { Random } from "./random.ts";
import {
  addUser,
  countUsers,
  emptySketch,
  mergeSketches,
  readSketch,
  type UserSketch,
  writeSketch,
} from "./user-sketch.ts";

const word = (random: Random): number => Math.floor(random.next() * 2 ** 32);

function users(seed: number, count: number): UserSketch {
  const random = seededRandom(seed);
  const sketch = emptySketch();
  for (let i = 0; i < count; i++) addUser(sketch, word(random), word(random));
  return sketch;
}

test.each([0, 1, 2, 10, 100, 1000, 2500, 10_000, 200_000])("counts %d users within ten percent", (count) => {
  expect(Math.abs(countUsers(users(7, count)) - count)).toBeLessThanOrEqual(0.1 * count);
});

test("a user counts once, however often and wherever seen", () => {
  const sketch = users(7, 500);
  expect(mergeSketches(sketch, sketch)).toEqual(sketch);
  expect(countUsers(mergeSketches(users(7, 500), users(8, 500)))).toBeGreaterThan(900);
});

test("text and back", () => {
  fc.assert(
    fc.property(fc.nat(300), (count) => {
      expect(readSketch(writeSketch(users(count, count)))).toEqual(users(count, count));
    }),
  );
  expect(writeSketch(emptySketch())).toBe("");
  for (const text of [undefined, "", "AAAA", "no base64!", "AAAAA"]) expect(countUsers(readSketch(text))).toBe(0);
});
