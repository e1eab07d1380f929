import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../lib/json.ts";
import { FieldSet, formatPath, type Path } from "./field-set.ts";
import { formatFieldsV1, parseFieldsV1 } from "./fields-v1.ts";
import { fieldElement, keyElement, parsePathElement, valueElement } from "./path-element.ts";

const element = fc.oneof(
  fc.constantFrom("a", "b", "c").map(fieldElement),
  fc.constantFrom<JsonValue>("x", 1, true).map(valueElement),
  fc
    .record({ port: fc.constantFrom(80, 443), name: fc.constantFrom("p", "q") })
    .map((key) => keyElement(Object.entries(key))),
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const set = fc.array(path, { maxLength: 8 }).map((paths) => FieldSet.of(...paths));
const texts = (fields: FieldSet): string[] => [...fields.paths()].map(formatPath);
const asSet = (fields: FieldSet): Set<string> => new Set(texts(fields));

describe("the operations are those of sets", () => {
  const check = (law: (a: FieldSet, b: FieldSet) => void): void =>
    fc.assert(
      fc.property(set, set, (a, b) => {
        law(a, b);
      }),
    );

  test("union", () => check((a, b) => expect(asSet(a.union(b))).toEqual(asSet(a).union(asSet(b)))));
  test("intersection", () =>
    check((a, b) => expect(asSet(a.intersection(b))).toEqual(asSet(a).intersection(asSet(b)))));
  test("difference", () => check((a, b) => expect(asSet(a.difference(b))).toEqual(asSet(a).difference(asSet(b)))));
  test("difference with what is below", () =>
    check((a, b) => {
      const left = [...a.paths()].filter((p) => !p.some((_, i) => b.has(p.slice(0, i + 1))));
      expect(asSet(a.differenceWithBelow(b))).toEqual(new Set(left.map(formatPath)));
    }));
  test("emptiness", () => check((a) => expect(a.isEmpty).toBe(texts(a).length === 0)));
  test("membership", () =>
    check((a, b) => expect([...b.paths()].filter((p) => a.has(p)).map(formatPath)).toEqual(texts(b.intersection(a)))));
  test("arguments stay as they are", () =>
    check((a, b) => {
      const before = [texts(a), texts(b)];
      a.union(b);
      a.intersection(b);
      a.difference(b);
      expect([texts(a), texts(b)]).toEqual(before);
    }));
});

test("a set survives being written and read", () => {
  fc.assert(
    fc.property(set, (fields) => {
      const written = formatFieldsV1(fields);
      const read = parseFieldsV1(JSON.parse(JSON.stringify(written)) as JsonValue)!;
      expect(texts(read)).toEqual(texts(fields));
      expect(JSON.stringify(formatFieldsV1(read))).toBe(JSON.stringify(written));
    }),
  );
});

describe("the written form", () => {
  const of = (...paths: Path[]): string => JSON.stringify(formatFieldsV1(FieldSet.of(...paths)));
  const labels = [fieldElement("metadata"), fieldElement("labels")];

  test("a field with fields below it names itself with a dot", () => {
    expect(of(labels, [...labels, fieldElement("app")])).toBe('{"f:metadata":{"f:labels":{".":{},"f:app":{}}}}');
  });

  test("keys are sorted, and items by the values of their keys", () => {
    const ports = (port: number): Path => [
      fieldElement("ports"),
      keyElement([
        ["protocol", "TCP"],
        ["containerPort", port],
      ]),
    ];
    expect(of(ports(443), ports(80))).toBe(
      String.raw`{"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{},"k:{\"containerPort\":443,\"protocol\":\"TCP\"}":{}}}`,
    );
  });

  test("fields come before items, items before values, as HTML-safe JSON", () => {
    expect(of([valueElement("a<b")], [keyElement([["name", "n"]])], [fieldElement("z")])).toBe(
      String.raw`{"f:z":{},"k:{\"name\":\"n\"}":{},"v:\"a\\u003cb\"":{}}`,
    );
  });
});

describe("reading", () => {
  test.each<[string, string | undefined]>([
    ["f:name", "f:name"],
    ["f:", "f:"],
    ['k:{"b":1,"a":"x"}', 'k:{"a":"x","b":1}'],
    ['v:"x"', 'v:"x"'],
    ["v: 1 ", "v:1"],
    ["i:3", "i:3"],
    ["i:x", undefined],
    ["k:[]", undefined],
    ["v:{", undefined],
    ["q:1", undefined],
    ["f", undefined],
  ])("%s", (text, id) => expect(parsePathElement(text)?.id).toBe(id));

  test.each<[JsonValue | undefined, string[] | undefined]>([
    [undefined, []],
    [null, []],
    [{}, []],
    [{ "f:a": {} }, [".a"]],
    [{ "f:a": { ".": {}, "f:b": {} } }, [".a", ".a.b"]],
    [{ "f:a": { "q:b": {} } }, [".a"]],
    [{ "f:a": 1 }, undefined],
    ["f:a", undefined],
  ])("%j", (value, paths) => {
    const read = parseFieldsV1(value);
    expect(read && texts(read)).toEqual(paths);
  });
});
