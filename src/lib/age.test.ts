import { expect, test } from "vitest";
import { formatAge } from "./age.ts";

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.each<[number, string]>([
  [-2 * S, "<invalid>"],
  [-1.9 * S, "0s"],
  [0, "0s"],
  [999, "0s"],
  [119 * S, "119s"],
  [2 * M, "2m"],
  [2 * M + 5 * S, "2m5s"],
  [10 * M - S, "9m59s"],
  [10 * M + 5 * S, "10m"],
  [3 * H - S, "179m"],
  [3 * H, "3h"],
  [7 * H + 30 * M, "7h30m"],
  [8 * H + 30 * M, "8h"],
  [48 * H - S, "47h"],
  [2 * D, "2d"],
  [2 * D + 3 * H, "2d3h"],
  [8 * D + 3 * H, "8d"],
  [730 * D - S, "729d"],
  [730 * D, "2y"],
  [800 * D, "2y70d"],
  [8 * 365 * D + 70 * D, "8y"],
])("%i ms is %s", (ms, age) => expect(formatAge(ms)).toBe(age));
