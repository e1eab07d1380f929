import { expect, test } from "vitest";
import type { KubeObject } from "../../api/object.ts";
import { ObjectJson } from "./object-json.ts";

const object = {
  metadata: { name: "ü" },
  data: { k: "v" },
  apiVersion: "v1",
  kind: "ConfigMap",
} as unknown as KubeObject;

test("says first what it is", () => {
  expect(new ObjectJson().document(object).toString()).toBe(
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"ü"},"data":{"k":"v"}}',
  );
});

test("says nothing of it in a list", () => {
  expect(new ObjectJson().untypedTail(object).toString()).toBe('"metadata":{"name":"ü"},"data":{"k":"v"}}');
});

test("is made once for each version of an object", () => {
  const json = new ObjectJson();
  expect(json.line(object)).toBe(json.line(object));
  expect(json.line({ ...object })).not.toBe(json.line(object));
});

test("holds no memory but its own", () => {
  const line = new ObjectJson().line(object);
  expect(line.buffer.byteLength).toBe(line.byteLength);
});
