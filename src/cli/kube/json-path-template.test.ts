import { expect, test } from "vitest";
import { jsonPathTemplate } from "./json-path-template.ts";

const object = {
  metadata: { name: "web", labels: { app: "web", "a.b/c": "<x>" } },
  items: [
    { name: "a", n: 1, ok: true },
    { name: "b", n: 2 },
  ],
};

const cases: readonly [template: string, text: string][] = [
  ["{.metadata.name}", "web"],
  [".metadata.name", ".metadata.name"],
  ["<{.metadata.name}>{.nothing} {.items[5]}", "<web> "],
  ["{.metadata.labels}", String.raw`{"a.b/c":"\u003cx\u003e","app":"web"}`],
  [String.raw`{.metadata.labels.a\.b/c}`, "<x>"],
  ["{.items[*].name} {.items[*].n}", "a b 1 2"],
  [String.raw`{range .items[*]}{.name}={.n}{"\t"}{end}{'\n'}`, "a=1\tb=2\t\n"],
  ['{range .items[*]}[{@.name}{range .list[*]}x{end}]{"}"}{end}', "[a]}[b]}"],
  ['{.items[?(@.name=="b")].n}', "2"],
  ["{.items[0]}{.items[0].ok}", '{"n":1,"name":"a","ok":true}true'],
];

test.each(cases)("%s", (template, text) => {
  expect(jsonPathTemplate(template)(object)).toBe(text);
});

const wrong: readonly [template: string, text: string][] = [
  ["{.data", "error parsing jsonpath {.data, unclosed action"],
  ["{end}", "error parsing jsonpath {end}, not in range, nothing to end"],
  ["{range .items[*]}x", "error parsing jsonpath {range .items[*]}x, unterminated range"],
  ["{name}", "error parsing jsonpath {name}, unrecognized identifier name"],
  ["{.a[}", "error parsing jsonpath {.a[}, unrecognized path .a["],
  ["", "template format specified but no template given"],
];

test.each(wrong)("%s is refused", (template, text) => {
  expect(() => jsonPathTemplate(template)).toThrow(text);
});
