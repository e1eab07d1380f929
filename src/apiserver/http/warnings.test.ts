import { expect, test } from "vitest";
import { Warnings } from "./warnings.ts";

const headersOf = (...texts: string[]): string[] => {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  return warnings.headers();
};

test("are said once each, quoted", () => {
  expect(headersOf("a", 'say "b"', "a", "back\\slash")).toEqual([
    '299 - "a"',
    '299 - "say \\"b\\""',
    '299 - "back\\\\slash"',
  ]);
});

test("cannot end the header", () => {
  expect(headersOf("a\r\nSet-Cookie: x")).toEqual(['299 - "a  Set-Cookie: x"']);
});

test("are cut when they are long together, and then left out", () => {
  const texts = Array.from({ length: 20 }, (_, i) => `${String(i).padStart(2, "0")}${"x".repeat(298)}`);
  const headers = headersOf(...texts);
  expect(headers).toHaveLength(16); // 16 × 256 characters
  expect(new Set(headers.map((header) => header.length))).toEqual(new Set([256 + '299 - ""'.length]));
});

test("may be long alone", () => {
  expect(headersOf("x".repeat(4000))[0]).toContain("x".repeat(4000));
});
