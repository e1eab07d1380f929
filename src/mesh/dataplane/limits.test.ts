import { expect, test } from "vitest";
import { LIMITS, limitsFor } from "./limits.ts";

const limits = (files: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max processes             127234               127234               processes 
Max open files            ${files.padEnd(20)} 1048576              files     
Max locked memory         8388608              8388608              bytes     
`;
const cases: readonly [string, string, number][] = [
  ["as many files as anybody wants", limits("1048576"), 20_000],
  ["no limit", limits("unlimited"), 20_000],
  ["each request takes two of few files, some are others'", limits("4096"), 1_920],
  ["hardly any files: something must be served", limits("64"), 100],
  ["nothing is known", "", 20_000],
];
test.each(cases)("%s", (_, text, connections) => {
  expect(limitsFor(text)).toEqual({ ...LIMITS, connections });
});
