import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

const times = (...runs: readonly (readonly [number, number])[]): readonly number[] =>
  runs.flatMap(([count, time]) => Array<number>(count).fill(time));
const cases: readonly [string, readonly number[], usual: number, overdue: number][] = [
  ["nothing is known", [], Number.POSITIVE_INFINITY, 60_000],
  ["too few answers to know", times([9, 100]), Number.POSITIVE_INFINITY, 60_000],
  ["few answers: the slowest", times([9, 20], [1, 100]), 107.63, 3_000],
  ["fast answers: three seconds all the same", times([1_000, 0.2]), 1, 3_000],
  ["99 of 100 are fast", times([990, 20], [10, 2_000]), 22.63, 3_000],
  ["98 of 100 are fast", times([980, 20], [20, 1_100]), 1_217.75, 6_088.74],
  ["a long poll: a minute", times([100, 30_000]), 32_768, 60_000],
  ["longer than what is told apart", times([100, 1e7]), 131_072, 60_000],
];
test.each(cases)("%s", (_, told, usual, overdue) => {
  const pace = new Pace();
  for (const time of told) pace.add(time);
  expect([pace.usual, pace.overdue].map((time) => Number(time.toFixed(2)))).toEqual([usual, overdue]);
});
