import { expect, test } from "vitest";
import { paceOf } from "./status-pace.ts";

const status = { phase: "Releasing", weight: 5, message: "at 5 %: 10 requests seen", new: { requests: 10 } } as const;

test.each([
  ["nothing has changed", {}, 5000, "never"],
  ["counts have moved, long ago", { new: { requests: 11 } }, 1000, "now"],
  ["counts have moved, just now", { new: { requests: 11 }, message: "at 5 %: 11 requests seen" }, 999, "later"],
  ["something was decided", { phase: "Held" as const }, 1, "now"],
  ["a weight has changed", { weight: 7 }, 1, "now"],
])("%s", (_, change, since, pace) => {
  expect(paceOf(status, { ...status, ...change }, since)).toBe(pace);
});

test("the first status is written at once", () => {
  expect(paceOf(undefined, status, Infinity)).toBe("now");
});
