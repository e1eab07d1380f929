import { expect, it } from "vitest";
import type { KubeObject } from "../api/object.ts";
import { sameDocument } from "./document-equality.ts";

const base = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", uid: "u", resourceVersion: "1", creationTimestamp: "t", labels: { x: "1" } },
  data: { list: [1, { deep: true }], nothing: null },
};

const cases: readonly (readonly [sentence: string, other: object, same: boolean])[] = [
  ["an equal copy", structuredClone(base), true],
  ["another resourceVersion", { ...base, metadata: { ...base.metadata, resourceVersion: "2" } }, true],
  ["a field that is undefined", { ...base, spec: undefined }, true],
  ["another order of fields", { data: base.data, metadata: base.metadata, kind: base.kind, apiVersion: "v1" }, true],
  ["another label", { ...base, metadata: { ...base.metadata, labels: { x: "2" } } }, false],
  ["a new field", { ...base, spec: {} }, false],
  ["a missing field", { ...base, data: undefined }, false],
  ["a resourceVersion elsewhere", { ...base, data: { ...base.data, resourceVersion: "2" } }, false],
  ["null for absent", { ...base, spec: null }, false],
  ["a longer list", { ...base, data: { ...base.data, list: [1, { deep: true }, 2] } }, false],
  ["an object for a list", { ...base, data: { ...base.data, list: { 0: 1, 1: { deep: true } } } }, false],
  [
    "a label called constructor",
    { ...base, metadata: { ...base.metadata, labels: { x: "1", constructor: "y" } } },
    false,
  ],
  ["a field called __proto__", JSON.parse(JSON.stringify(base).replace('"data":{', '"data":{"__proto__":{},')), false],
];

it.each(cases)("sameDocument() knows %s", (_, other, same) => {
  expect(sameDocument(base, other as KubeObject)).toBe(same);
  expect(sameDocument(other as KubeObject, base)).toBe(same);
});
