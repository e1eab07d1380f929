import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMicroTimestamp, formatTimestamp, parseTimestamp } from "./timestamp.ts";

const anyTime = fc.integer({ min: Date.parse("1600-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59Z") });

test("parses what the platform's own clock writes", () => {
  fc.assert(fc.property(anyTime, (ms) => parseTimestamp(new Date(ms).toISOString()) === ms));
});

test("writes whole seconds like the platform", () => {
  fc.assert(fc.property(anyTime, (ms) => formatTimestamp(ms) === `${new Date(ms).toISOString().slice(0, 19)}Z`));
});

test("writes microseconds", () => {
  expect(formatMicroTimestamp(Date.parse("2026-01-31T09:05:07.123Z"))).toBe("2026-01-31T09:05:07.123000Z");
});

test.each([
  ["2026-01-31T09:05:07Z", "2026-01-31T09:05:07.000Z"],
  ["2026-01-31T09:05:07.5Z", "2026-01-31T09:05:07.500Z"],
  ["2026-01-31T09:05:07.123456789Z", "2026-01-31T09:05:07.123Z"],
  ["2026-01-31T09:05:07+02:30", "2026-01-31T06:35:07.000Z"],
  ["2024-02-29T23:59:59-01:00", "2024-03-01T00:59:59.000Z"],
])("%s is %s", (text, iso) => {
  expect(parseTimestamp(text)).toBe(Date.parse(iso));
});

test.each([undefined, "", "now", "2026-01-31", "2026-01-31 09:05:07Z", "2026-01-31T09:05:07"])("%s is none", (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});
