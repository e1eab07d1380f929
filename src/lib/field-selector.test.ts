import fc from "fast-check";
import { expect, test } from "vitest";
import {
  escapeFieldValue,
  formatFieldSelector,
  matchesFields,
  parseFieldSelector,
  requiredFieldValue,
} from "./field-selector.ts";

test.each([
  ["", ""],
  ["a=b", "a=b"],
  ["a==b", "a=b"],
  ["b!=x,a=", "a=,b!=x"],
  ["a=b,", "a=b"],
  ["=", ""],
  ["a=x\\,y\\=z\\\\", "a=x\\,y\\=z\\\\"],
])("%j is printed %j", (text, printed) => {
  expect(formatFieldSelector(parseFieldSelector(text))).toBe(printed);
});

test.each([
  ["a", "invalid selector: 'a'; can't understand 'a'"],
  ["a=1,b", "invalid selector: 'a=1,b'; can't understand 'b'"],
  ["a=b=c", "invalid field selector: unescaped character in value: 61"],
  ["a=\\q", "invalid field selector: invalid escape sequence: \\q"],
  ["a=\\", "invalid field selector: invalid escape sequence: \\"],
])("refuses %j", (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(expect.objectContaining({ message }));
});

test("matches all terms, an absent field being empty", () => {
  const read = (field: string): string => ({ a: "1", b: "" })[field] ?? "";
  expect(matchesFields(parseFieldSelector("a=1,b!=x"), read)).toBe(true);
  expect(matchesFields(parseFieldSelector("a=1,b!="), read)).toBe(false);
  expect(matchesFields(parseFieldSelector("c="), read)).toBe(true);
});

test("tells the value that it demands", () => {
  const selector = parseFieldSelector("metadata.name=x,a!=y");
  expect(requiredFieldValue(selector, "metadata.name")).toBe("x");
  expect(requiredFieldValue(selector, "a")).toBeUndefined();
});

test("any value can be asked for once it is escaped", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(requiredFieldValue(parseFieldSelector(`a=${escapeFieldValue(value)}`), "a")).toBe(value);
    }),
  );
});
