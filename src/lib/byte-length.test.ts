import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLength } from "./byte-length.ts";

test("agrees with the encoder", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const text = String.fromCharCode(...units);
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test.each([
  ["", 0],
  ["abc", 3],
  ["ü", 2],
  ["€", 3],
  ["😀", 4],
  ["\ud83d", 3],
])("%j has %i bytes", (text, bytes) => expect(byteLength(text)).toBe(bytes));
