import { expect, test } from "vitest";
import { sentence, touched } from "./receipts.ts";

const counts = { requests: 1166, failures: 0, retried: 0, users: 120, usersHit: 0 };

test.each([
  [{ ...counts, requests: 0 }, "No user request went to v2."],
  [counts, "Touched: 1,166 requests of 120 users; none failed."],
  [{ ...counts, failures: 5, usersHit: 3 }, "Touched: 1,166 requests of 120 users; 5 failed; 3 users saw a failure."],
  [
    { ...counts, failures: 5, retried: 2, usersHit: 1 },
    "Touched: 1,166 requests of 120 users; 5 failed, 2 of them were answered by v1 after all; 1 user saw a failure.",
  ],
  [
    { ...counts, failures: 5, retried: 5 },
    "Touched: 1,166 requests of 120 users; 5 failed and were all answered by v1 after all; no user saw a failure.",
  ],
  [
    { requests: 1, failures: 1, retried: 1, users: 0, usersHit: 0 },
    "Touched: 1 request; 1 failed and was answered by v1 after all; no user saw a failure.",
  ],
])("%j", (fresh, text) => {
  expect(touched({ new: fresh }, "v2", "v1")).toBe(text);
});

test("sentences begin with a capital and end with a full stop", () => {
  expect(["it ended", "Done.", ""].map(sentence)).toEqual(["It ended.", "Done.", ""]);
});
