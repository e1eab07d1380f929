import { expect, test } from "vitest";
import { documentsOf } from "./manifest.ts";

const A = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
const B = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"x":"}{"}}';

const cases: readonly (readonly [sentence: string, text: string, found: readonly string[]])[] = [
  ["a document", A, ["a"]],
  ["documents with empty ones between them", `---\n${A}---\n---\n# nothing\n---\n${A}`, ["a", "a"]],
  ["JSON", B, ["b"]],
  ["JSON documents that follow each other", `${B}\n${B}`, ["b", "b"]],
  ["a list", `apiVersion: v1\nkind: List\nitems: [${B}, ${B}]`, ["b", "b"]],
  ["an empty list", "apiVersion: v1\nkind: ConfigMapList\nitems: []", []],
  ["YAML in braces", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: c } }", ["c"]],
  ["nothing", "", []],
  [
    "a syntax error with its line",
    `${A}---\napiVersion: v1\nkind: [`,
    ["error parsing f.yaml: error converting YAML to JSON: yaml: line 6: "],
  ],
  ["JSON that is not", `${B}{"a":}`, ["error parsing f.yaml: invalid character '}' looking for beginning of value"]],
  [
    "what is no object",
    "hello",
    ['error validating "f.yaml": error validating data: invalid object to validate; if you'],
  ],
  [
    "an object without kind",
    "apiVersion: v1",
    ['error validating "f.yaml": error validating data: kind not set; if you'],
  ],
  ["neither", "a: b", ['error validating "f.yaml": error validating data: [apiVersion not set, kind not set]; if you']],
];

test.each(cases)("%s", (_, text, found) => {
  const read = documentsOf({ name: "f.yaml", text }).map((each) =>
    each instanceof Error ? each.message : (each.object["metadata"] as { name: string }).name,
  );
  expect(read).toHaveLength(found.length);
  read.forEach((each, i) => expect(each).toSatisfy((text: string) => text.startsWith(found[i] as string)));
});
