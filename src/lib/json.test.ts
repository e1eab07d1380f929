import fc from "fast-check";
import { expect, test } from "vitest";
import { formatGo, goJsonType } from "./go-format.ts";
import { type JsonValue, jsonEqual, memberOf, type MutableJsonObject, setMember } from "./json.ts";

test.each<[JsonValue, JsonValue, boolean]>([
  [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1, b: 2 }, { a: 1, c: 2 }, false],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [[], {}, false],
  [{}, [], false],
  [null, {}, false],
  [0, false, false],
  ["1", 1, false],
])("%j equals %j: %s", (a, b, equal) => expect(jsonEqual(a, b)).toBe(equal));

test("a document equals its copy", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => jsonEqual(value as JsonValue, structuredClone(value) as JsonValue)));
});

test("members that are called like what every object inherits are ordinary", () => {
  const object: MutableJsonObject = {};
  expect(memberOf(object, "toString")).toBeUndefined();
  setMember(object, "__proto__", { polluted: true });
  setMember(object, "a", 1);
  expect(memberOf(object, "__proto__")).toEqual({ polluted: true });
  expect(Object.keys(object)).toEqual(["__proto__", "a"]);
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
});

test.each<[JsonValue, string]>([
  [{ b: [1, "x", null], a: { c: true } }, "map[a:map[c:true] b:[1 x <nil>]]"],
  [{}, "map[]"],
  [[], "[]"],
  ["spec: 1", "spec: 1"],
])("Go prints %j as %s", (value, text) => expect(formatGo(value)).toBe(text));

test.each<[JsonValue, string]>([
  [null, "null"],
  [[], "array"],
  [{}, "object"],
  [true, "bool"],
  [1, "number"],
  ["", "string"],
])("Go calls %j a %s", (value, name) => expect(goJsonType(value)).toBe(name));
