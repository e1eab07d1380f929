import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { applyJsonPatch, parseJsonPatch } from "./json-patch.ts";

const apply = (document: JsonObject, operations: JsonValue): JsonValue =>
  applyJsonPatch(document, parseJsonPatch(operations));

const op = (name: string, path: string, value?: JsonValue): JsonObject =>
  value === undefined ? { op: name, path } : { op: name, path, value };
const from = (name: string, source: string, path: string): JsonObject => ({ op: name, from: source, path });

describe("operations", () => {
  test.each<[string, JsonObject, JsonObject[], JsonValue]>([
    // RFC 6902, appendix A.
    ["A.1 adds a member", { foo: "bar" }, [op("add", "/baz", "qux")], { baz: "qux", foo: "bar" }],
    ["A.2 adds an element", { foo: ["bar", "baz"] }, [op("add", "/foo/1", "qux")], { foo: ["bar", "qux", "baz"] }],
    ["A.3 removes a member", { baz: "qux", foo: "bar" }, [op("remove", "/baz")], { foo: "bar" }],
    ["A.4 removes an element", { foo: ["bar", "qux", "baz"] }, [op("remove", "/foo/1")], { foo: ["bar", "baz"] }],
    ["A.5 replaces", { baz: "qux", foo: "bar" }, [op("replace", "/baz", "boo")], { baz: "boo", foo: "bar" }],
    [
      "A.6 moves a value",
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      [from("move", "/foo/waldo", "/qux/thud")],
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
    ],
    [
      "A.7 moves an element",
      { foo: ["all", "grass", "cows", "eat"] },
      [from("move", "/foo/1", "/foo/3")],
      { foo: ["all", "cows", "eat", "grass"] },
    ],
    [
      "A.8 tests values",
      { baz: "qux", foo: ["a", 2, "c"] },
      [op("test", "/baz", "qux"), op("test", "/foo/1", 2)],
      { baz: "qux", foo: ["a", 2, "c"] },
    ],
    ["A.10 adds a nested member", { foo: "bar" }, [op("add", "/child", { g: {} })], { foo: "bar", child: { g: {} } }],
    [
      "A.11 ignores unknown members",
      { foo: "bar" },
      [{ ...op("add", "/baz", "qux"), xyz: 1 }],
      { foo: "bar", baz: "qux" },
    ],
    ["A.14 unescapes ~01", { "/": 9, "~1": 10 }, [op("test", "/~01", 10)], { "/": 9, "~1": 10 }],
    ["A.16 appends", { foo: ["bar"] }, [op("add", "/foo/-", ["abc", "def"])], { foo: ["bar", ["abc", "def"]] }],
    // The public test suite and what follows from it.
    ["adds over an existing member", { foo: null }, [op("add", "/foo", 1)], { foo: 1 }],
    ["adds to an empty list", { foo: [] }, [op("add", "/foo/0", "a")], { foo: ["a"] }],
    ["adds at the end by index", { foo: ["a"] }, [op("add", "/foo/1", "b")], { foo: ["a", "b"] }],
    ["the empty name is a name", { "": 1 }, [op("add", "/", 2)], { "": 2 }],
    ["numbers name members of objects", { "0": 1 }, [op("remove", "/0")], {}],
    ["replaces the whole document", { foo: "bar" }, [op("replace", "", { baz: 1 })], { baz: 1 }],
    ["tests the whole document", { foo: 1 }, [op("test", "", { foo: 1 })], { foo: 1 }],
    [
      "tests without regard to order",
      { f: { a: 1, b: [2] } },
      [op("test", "/f", { b: [2], a: 1 })],
      { f: { a: 1, b: [2] } },
    ],
    ["copies", { foo: { a: 1 }, baz: [] }, [from("copy", "/foo", "/baz/-")], { foo: { a: 1 }, baz: [{ a: 1 }] }],
    [
      "a copy is a value of its own",
      { a: {} },
      [op("add", "/a/x", 1), from("copy", "/a", "/b"), op("add", "/a/y", 2)],
      { a: { x: 1, y: 2 }, b: { x: 1 } },
    ],
    ["copies into itself", { a: { x: 1 } }, [from("copy", "/a", "/a/b")], { a: { x: 1, b: { x: 1 } } }],
    ["moves over a member", { a: 1, b: 2 }, [from("move", "/a", "/b")], { b: 1 }],
    [
      "later operations see earlier ones",
      {},
      [op("add", "/a", {}), op("add", "/a/b", []), op("add", "/a/b/-", 1)],
      { a: { b: [1] } },
    ],
    // Where the API server is more lenient than the RFC.
    ["replacing what is not there adds it", {}, [op("replace", "/a", 1)], { a: 1 }],
    ["copying what is not there gives null", {}, [from("copy", "/a", "/b")], { b: null }],
    ["what is not there equals null", {}, [op("test", "/a", null)], {}],
    ["adding no value adds null", {}, [op("add", "/a")], { a: null }],
    [
      "negative indices count from the end",
      { a: [1, 2, 3] },
      [op("remove", "/a/-1"), op("add", "/a/-1", 9)],
      { a: [1, 2, 9] },
    ],
    ["what comes before the first slash is not looked at", {}, [op("add", "x/a", 1)], { a: 1 }],
  ])("%s", (_, document, operations, expected) => {
    const before = structuredClone(document);
    expect(apply(document, operations)).toEqual(expected);
    expect(document).toEqual(before);
  });

  test.each<[string, JsonObject, JsonObject[]]>([
    ["A.9 a failed test", { baz: "qux" }, [op("test", "/baz", "bar")]],
    ["A.12 a target that does not exist", { foo: "bar" }, [op("add", "/baz/bat", "qux")]],
    ["A.15 strings are not numbers", { "~1": 10 }, [op("test", "/~01", "10")]],
    ["removing what is not there", {}, [op("remove", "/a")]],
    ["moving what is not there", {}, [from("move", "/a", "/b")]],
    ["an index beyond the end", { a: [1] }, [op("add", "/a/2", 1)]],
    ["replacing beyond the end", { a: [1] }, [op("replace", "/a/1", 1)]],
    ["an index before the start", { a: [1] }, [op("remove", "/a/-2")]],
    ["an index that is no number", { a: [1] }, [op("add", "/a/x", 1)]],
    ["removing after the end", { a: [1] }, [op("remove", "/a/-")]],
    ["the whole document cannot be removed", { a: 1 }, [op("remove", "")]],
    ["the whole document cannot be added", { a: 1 }, [op("add", "", {})]],
    ["the whole document must stay an object or a list", { a: 1 }, [op("replace", "", 1)]],
    ["a path through a scalar", { a: 1 }, [op("add", "/a/b", 1)]],
    ["a path through null", { a: null }, [op("add", "/a/b", 1)]],
    ["no path", {}, [{ op: "add", value: 1 }]],
    ["no from", {}, [{ op: "copy", path: "/a" }]],
    ["an unknown operation", {}, [op("explode", "/a")]],
    ["no operation", {}, [{}]],
  ])("%s is rejected in one sentence", (_, document, operations) => {
    expect(() => apply(document, operations)).toThrow(
      expect.objectContaining({
        code: 422,
        reason: "Invalid",
        message: "the server rejected our request due to an error in our request",
      }),
    );
  });
});

test("`__proto__` is a member like any other", () => {
  const result = apply({}, [op("add", "/__proto__", { polluted: 1 }), op("add", "/__proto__/x", 2)]) as JsonObject;
  expect(Object.keys(result)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  expect(() => apply({}, [op("add", "/constructor/prototype/x", 1)])).toThrow();
});

describe("parseJsonPatch", () => {
  const decode = (body: JsonValue): unknown => {
    try {
      return parseJsonPatch(body);
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each<[JsonValue, string]>([
    [{ op: "remove" }, "object into Go value of type []handlers.jsonPatchOp"],
    [3, "number into Go value of type []handlers.jsonPatchOp"],
    ["x", "string into Go value of type []handlers.jsonPatchOp"],
    [["a"], "string into Go value of type handlers.jsonPatchOp"],
    [[{ op: 1 }], "number into Go struct field jsonPatchOp.op of type string"],
    [[{ op: "add", path: [] }], "array into Go struct field jsonPatchOp.path of type string"],
  ])("%j", (body, problem) => {
    expect(decode(body)).toBe(`error decoding patch: json: cannot unmarshal ${problem}`);
  });

  test("null is a patch that does nothing", () => {
    expect(apply({ a: 1 }, null)).toEqual({ a: 1 });
  });

  test("tells which members are unknown", () => {
    expect(parseJsonPatch([op("add", "/a", 1), { ...op("add", "/b", 1), foo: 1 }]).unknownFields).toEqual([
      'json patch unknown field "[1].foo"',
    ]);
  });

  test("has a limit", () => {
    expect(() => parseJsonPatch(Array.from({ length: 10_000 }, () => op("test", "", {})))).not.toThrow();
    expect(decode(Array.from({ length: 10_001 }, () => op("test", "", {})))).toBe(
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
  });
});

test("copies that double the document again and again are refused", () => {
  const doubling = Array.from({ length: 40 }, (_, i) => from("copy", "/a", `/a/${i}`));
  expect(() => apply({ a: { x: "0123456789" } }, doubling)).toThrow("the server rejected our request");
});

test("a patch never changes the document that it is applied to, nor itself", () => {
  const name = fc.constantFrom("a", "b", "0", "-", "__proto__");
  const path = fc.array(name, { maxLength: 3 }).map((names) => names.map((part) => `/${part}`).join(""));
  const operation = fc.record({
    op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
    path,
    from: path,
    value: fc.jsonValue({ maxDepth: 2 }),
  });
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })),
      fc.array(operation, { maxLength: 6 }),
      (doc, patch) => {
        const before = JSON.stringify([doc, patch]);
        try {
          apply(doc as JsonObject, patch as JsonValue);
        } catch (error) {
          expect(error).toHaveProperty("code", 422);
        }
        expect(JSON.stringify([doc, patch])).toBe(before);
      },
    ),
  );
});
