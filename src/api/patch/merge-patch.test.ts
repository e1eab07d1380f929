import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { applyMergePatch, createMergePatch, parseMergePatch } from "./merge-patch.ts";

// RFC 7386, appendix A (those whose document is an object), and what Kubernetes does beyond it.
test.each<[JsonObject, JsonObject, JsonObject]>([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{}, { a: [{ b: null, c: 1 }] }, { a: [{ c: 1 }] }],
  [{ a: 1 }, { b: null }, { a: 1 }],
])("%j with %j is %j", (document, patch, expected) => {
  const before = structuredClone(document);
  expect(applyMergePatch(document, patch)).toEqual(expected);
  expect(document).toEqual(before);
});

test("`__proto__` is a member like any other", () => {
  const patch = JSON.parse('{"__proto__":{"x":1},"a":{"__proto__":{"x":1}}}') as JsonObject;
  const result = applyMergePatch({}, patch);
  expect(JSON.stringify(result)).toBe('{"__proto__":{"x":1},"a":{"__proto__":{"x":1}}}');
  expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
});

describe("parseMergePatch", () => {
  test.each<[JsonValue, string]>([
    [[], "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"],
    ["x", "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}"],
    [null, "Invalid JSON Patch"],
  ])("refuses %j", (body, message) => {
    expect(() => parseMergePatch(body)).toThrow(expect.objectContaining({ code: 400, message }));
  });
});

const withoutNull = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.string(), fc.boolean(), tie("object"), fc.array(fc.integer())),
  object: fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), tie("value"), { noNullPrototype: true }),
})).object as fc.Arbitrary<JsonObject>;

test("the patch between two documents leads from one to the other", () => {
  fc.assert(
    fc.property(withoutNull, withoutNull, (before, after) => {
      expect(applyMergePatch(before, createMergePatch(before, after))).toEqual(after);
    }),
  );
});

test("nothing changed is an empty patch", () => {
  fc.assert(
    fc.property(withoutNull, (document) => {
      expect(createMergePatch(document, structuredClone(document))).toEqual({});
    }),
  );
});
