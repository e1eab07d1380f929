import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJsonPath } from "./json-path.ts";

const document = {
  spec: { hostnames: ["a", "b"], "dotted.name": 1, replicas: 3, none: null },
  status: {
    conditions: [
      { type: "Ready", status: "True", weight: 1 },
      { type: "Stuck", status: "False", weight: 5, note: "x" },
    ],
    parents: [{ ref: { name: "one" } }, { ref: { name: "two" } }],
  },
};

test.each<[string, unknown[]]>([
  [".spec.replicas", [3]],
  ["", [document]],
  [".", [document]],
  [".spec.none", [null]],
  [".spec.absent.deeper", []],
  [".spec.hostnames", [["a", "b"]]],
  [".spec.hostnames[*]", ["a", "b"]],
  [".spec.hostnames[0]", ["a"]],
  [".spec.hostnames[-1]", ["b"]],
  [".spec.hostnames[-2]", ["a"]],
  [".spec.hostnames[7]", []],
  [".spec.hostnames[0:1]", ["a"]],
  [".spec.hostnames[1:]", ["b"]],
  [".spec.hostnames[::2]", ["a"]],
  [".spec.dotted\\.name", [1]],
  [".spec['dotted.name']", [1]],
  ['.spec["dotted.name"]', [1]],
  [".status.parents[*].ref.name", ["one", "two"]],
  ["..name", ["one", "two"]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type=='Ready')].status", ["True"]],
  ['.status.conditions[?(@.type != "Ready")].status', ["False"]],
  [".status.conditions[?(@.weight > 1)].type", ["Stuck"]],
  [".status.conditions[?(@.weight <= 1)].type", ["Ready"]],
  [".status.conditions[?(@.note)].type", ["Stuck"]],
  ['.status.conditions[?(@.type=="Gone")].status', []],
  [".spec.toString", []],
  [".spec.*", [["a", "b"], 1, 3, null]],
])("%s", (path, expected) => expect(parseJsonPath(path).find(document)).toEqual(expected));

describe("refuses", () => {
  test.each(["spec", ".a[", ".a[?(x)]", ".a[1:2:3:4]", ".a['b]", ".a[?(@.b==x)]"])("%s", (path) => {
    expect(() => parseJsonPath(path)).toThrow(expect.objectContaining({ code: "InvalidJsonPath" }));
  });
});

test("never throws anything but its own error", () => {
  const piece = fc.constantFrom(".", "a", "[", "]", "*", "0", "'", '"', "?(@.a==1)", ":", "..", "\\");
  fc.assert(
    fc.property(fc.array(piece), fc.jsonValue(), (pieces, value) => {
      try {
        parseJsonPath(pieces.join("")).find({ a: value });
      } catch (error) {
        expect(error).toHaveProperty("code", "InvalidJsonPath");
      }
    }),
  );
});
