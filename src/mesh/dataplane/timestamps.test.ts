import fc from "fast-check";
import { expect, test } from "vitest";
import { Timestamps } from "./timestamps.ts";

test("says of any times, in any order, what Date says", () => {
  const near = fc.double({ min: 1_767_225_599_990, max: 1_767_225_600_010, noNaN: true });
  const any = fc.double({ min: 0, max: 8_640_000_000_000_000, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.oneof(near, any)), (times) => {
      const timestamps = new Timestamps();
      expect(times.map((time) => timestamps.of(time))).toEqual(times.map((time) => new Date(time).toISOString()));
    }),
  );
});
