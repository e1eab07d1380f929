import { expect, test } from "vitest";
import { grouped } from "./number-text.ts";

test("thousands are set apart", () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
});
