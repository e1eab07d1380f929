import { expect, test } from "vitest";
import { isReadByPeople } from "./readable.ts";

test.each<[query: string, userAgent: string | undefined, expected: boolean]>([
  ["", "kubectl/v1.36.3", false],
  ["", undefined, false],
  ["", "curl/8.5.0", true],
  ["", "Wget/1.21", true],
  ["", "Mozilla/5.0 (X11)", true],
  ["pretty=true", "kubectl/v1.36.3", true],
  ["pretty=1", undefined, true],
  ["pretty=", "curl/8.5.0", true],
  ["pretty=false", "curl/8.5.0", false],
  ["pretty=please", "curl/8.5.0", false],
])("?%s from %s: %s", (query, userAgent, expected) => {
  expect(isReadByPeople(new URLSearchParams(query), userAgent)).toBe(expected);
});
