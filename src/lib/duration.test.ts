import { expect, test } from "vitest";
import { durationText, parseDuration } from "./duration.ts";

test.each([
  ["2m", 120_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  ["250ms", 250],
  ["0s", 0],
  ["1m500ms", 60_500],
  ["", undefined],
  ["5", undefined],
  ["5 m", undefined],
  ["-5m", undefined],
])("%j is %s ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  [850, "850 ms"],
  [4_200, "4 s"],
  [60_000, "1 min"],
  [125_000, "2 min 5 s"],
  [5_400_000, "1 h 30 min"],
  [7_200_000, "2 h"],
])("%d ms reads %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
