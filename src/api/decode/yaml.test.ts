import { describe, expect, test } from "vitest";
import { yamlBody, yamlDocuments } from "./yaml.ts";

describe("plain scalars are read as go-yaml reads them", () => {
  test.each([
    ["y", true],
    ["Yes", true],
    ["on", true],
    ["n", false],
    ["OFF", false],
    ["tRue", "tRue"],
    ["~", null],
    ["", null],
    ["0777", 511],
    ["0o17", 15],
    ["0x1F", 31],
    ["-0b11", -3],
    ["08", 8],
    ["1_000", 1000],
    ["1e3", 1000],
    ["1.10", 1.1],
    ["+5", 5],
    [".5", 0.5],
    ["1:30", "1:30"],
    ["2001-12-14", "2001-12-14"],
    ["5m", "5m"],
    ["1.2.3", "1.2.3"],
    ["'yes'", "yes"],
    ['"5"', "5"],
    ["!!str 5", "5"],
    ["!!binary aGk=", "hi"],
    ["=", "="],
  ])("%s", (text, value) => {
    expect(yamlDocuments(`v: ${text}\n`)[0]?.value).toEqual({ v: value });
  });
});

test("anchors and merge keys are resolved", () => {
  expect(yamlDocuments("a: &x {p: 1}\nb: {<<: *x, q: 2}")[0]?.value).toEqual({ a: { p: 1 }, b: { p: 1, q: 2 } });
});

test("a stream gives its documents, empty ones left out; a body only its first", () => {
  const stream = "# only\n---\na: 1\n---\n\n---\nb: 2\n";
  expect(yamlDocuments(stream).map((d) => d.value)).toEqual([{ a: 1 }, { b: 2 }]);
  expect(yamlBody(new TextEncoder().encode("a: 1\n---\nb: 2\n")).value).toEqual({ a: 1 });
});

test("a key that is there twice is told, and the last one counts", () => {
  expect(yamlDocuments("a: 1\n'a': 2\n")[0]).toEqual({
    value: { a: 2 },
    duplicates: ['line 2: key "a" already set in map'],
  });
});

describe("what is not YAML, or has no JSON form, is refused", () => {
  test.each([
    ["a: [\n", /^yaml: line 2: /],
    ["a:\n\tb: 1", /^yaml: line 2: Tabs are not allowed/],
    ["a: *x", /^yaml: unknown anchor 'x' referenced$/],
    ["&a [1, *a]", /^yaml: anchor 'a' value contains itself$/],
    ["a: &b {c: [*b]}", /^yaml: anchor 'b' value contains itself$/],
    ["a: .inf", /unsupported value: \+Inf/],
    ["a: [.nan]", /unsupported value: NaN/],
  ])("%s", (text, message) => {
    expect(() => yamlDocuments(text)).toThrow(message);
  });

  test("aliases that multiply without end", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`,
    );
    expect(() => yamlDocuments(`l0: &l0 [x]\n${levels.join("\n")}`)).toThrow(
      "yaml: document contains excessive aliasing",
    );
  });
});

test("a body that is JSON is read as JSON, unless YAML must tell where it repeats itself", () => {
  const body = (text: string): unknown => yamlBody(new TextEncoder().encode(text));
  expect(body('{"a":"yes","b":1e3,"c":null}')).toEqual({ value: { a: "yes", b: 1000, c: null }, duplicates: [] });
  expect(body('{"a":1,\n"a":2}')).toEqual({ value: { a: 2 }, duplicates: ['line 2: key "a" already set in map'] });
  expect(body("{a: yes}")).toEqual({ value: { a: true }, duplicates: [] });
});

test("each key that a map repeats is told with its line", () => {
  const [document] = yamlDocuments('a: 1\nb: {c: 1,\n  c: 2}\na: 3\n"a": 4\n');
  expect(document?.value).toEqual({ a: 4, b: { c: 2 } });
  expect(document?.duplicates.toSorted()).toEqual([
    'line 3: key "c" already set in map',
    'line 4: key "a" already set in map',
    'line 5: key "a" already set in map',
  ]);
});
