import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonSyntaxError } from "./json-syntax.ts";

const errorOf = (text: string): string | undefined => jsonSyntaxError(new TextEncoder().encode(text));

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("in Go's words", () => {
  test.each([
    ["{broken", "invalid character 'b' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1 2]", "invalid character '2' after array element"],
    ['{"a":01}', "invalid character '1' after object key:value pair"],
    ["tru", "invalid character ' ' in literal true (expecting 'e')"],
    ["1.", "invalid character ' ' after decimal point in numeric literal"],
    ['"\\', "invalid character ' ' in string escape code"],
    ['"x', "unexpected end of JSON input"],
    ["'", "invalid character '\\'' looking for beginning of value"],
    ["\u0001", "invalid character '\\x01' looking for beginning of value"],
    ["ß", "invalid character 'Ã' looking for beginning of value"],
    ["{} {}", "invalid character '{' after top-level value"],
  ])("%s", (text, message) => {
    expect(errorOf(text)).toBe(message);
  });
});

test("there is an error exactly where JSON.parse sees one", () => {
  const json = fc.json({ maxDepth: 3 });
  const broken = fc
    .tuple(json, fc.nat(), fc.constantFrom("", "{", "}", "[", "]", '"', ",", ":", "0", "-", ".", "e", "\\", "t", "\n"))
    .map(([text, at, char]) => text.slice(0, at % (text.length + 1)) + char + text.slice((at % (text.length + 1)) + 1));
  fc.assert(
    fc.property(fc.oneof(json, broken), (text) => {
      expect(errorOf(text) === undefined).toBe(parses(text));
    }),
    { numRuns: 2000 },
  );
});
