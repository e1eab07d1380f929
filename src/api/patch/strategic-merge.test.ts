import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { Schema } from "../table/schema.ts";
import { applyStrategicMerge, parseStrategicPatch } from "./strategic-merge.ts";

const types = builtinTypes();
const typeOf = (apiVersion: string, kind: string): Schema => types.findKind(apiVersion, kind)!.schema;
const deployment = typeOf("apps/v1", "Deployment");
const service = typeOf("v1", "Service");

/** A Deployment whose pods have this spec. */
const withPods = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
const podsOf = (object: JsonObject): JsonValue =>
  (object as { spec: { template: { spec: JsonObject } } }).spec.template.spec;

const mergePods = (before: JsonObject, patch: JsonObject): JsonValue =>
  podsOf(applyStrategicMerge(withPods(before), withPods(patch), deployment));

const named = (...names: string[]): JsonObject[] => names.map((name) => ({ name }));

describe("lists with a merge key", () => {
  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      "an element of the same name is merged, others stay",
      { containers: [{ name: "a", image: "i:1", args: ["x"] }, { name: "b" }] },
      { containers: [{ name: "a", image: "i:2" }] },
      { containers: [{ name: "a", image: "i:2", args: ["x"] }, { name: "b" }] },
    ],
    [
      "a new element comes before those that the patch does not know",
      { containers: named("a", "b") },
      { containers: named("c") },
      { containers: named("c", "a", "b") },
    ],
    [
      "elements of the patch come in its order, the others keep their place among them",
      { containers: named("a", "b", "c") },
      { containers: named("c", "a") },
      { containers: named("b", "c", "a") },
    ],
    [
      "$patch: delete takes an element out",
      { containers: named("a", "b") },
      { containers: [{ name: "a", $patch: "delete" }] },
      { containers: named("b") },
    ],
    [
      "$patch: replace takes all others out",
      { containers: [{ name: "a", image: "i:1" }, { name: "b" }] },
      { containers: [{ $patch: "replace" }, { name: "a" }] },
      { containers: named("a") },
    ],
    [
      "$setElementOrder orders",
      { containers: named("main") },
      { "$setElementOrder/containers": named("first", "main"), containers: named("first") },
      { containers: named("first", "main") },
    ],
    [
      "$setElementOrder alone orders what is there",
      { containers: named("a", "b", "c") },
      { "$setElementOrder/containers": named("c", "b", "a") },
      { containers: named("c", "b", "a") },
    ],
    [
      "elements that only the server has stay ahead of what they preceded",
      { containers: named("a", "sidecar", "b") },
      { "$setElementOrder/containers": named("b", "a"), containers: [{ name: "a", image: "i" }] },
      { containers: [{ name: "sidecar" }, { name: "b" }, { name: "a", image: "i" }] },
    ],
    [
      "what is added takes the place at the end of what is deleted",
      { containers: named("old", "sidecar") },
      {
        "$setElementOrder/containers": named("new"),
        containers: [{ name: "new" }, { name: "old", $patch: "delete" }],
      },
      { containers: named("sidecar", "new") },
    ],
    [
      "lists within elements are merged by their own keys",
      { containers: [{ name: "a", ports: [{ containerPort: 80, name: "http" }], env: [{ name: "A", value: "1" }] }] },
      { containers: [{ name: "a", ports: [{ containerPort: 81 }], env: [{ name: "A", value: null }] }] },
      {
        containers: [
          { name: "a", ports: [{ containerPort: 81 }, { containerPort: 80, name: "http" }], env: [{ name: "A" }] },
        ],
      },
    ],
    [
      "lists without a strategy are replaced",
      { tolerations: [{ key: "a" }], containers: [{ name: "a", args: ["x", "y"] }] },
      { tolerations: [{ key: "b" }], containers: [{ name: "a", args: ["z"] }] },
      { tolerations: [{ key: "b" }], containers: [{ name: "a", args: ["z"] }] },
    ],
    [
      "$retainKeys clears the other members of a union",
      { volumes: [{ name: "v", emptyDir: {} }] },
      { volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "x" } }] },
      { volumes: [{ name: "v", configMap: { name: "x" } }] },
    ],
    [
      "null removes a list",
      { volumes: named("v"), containers: named("a") },
      { volumes: null },
      { containers: named("a") },
    ],
    [
      "a new value comes without nulls and instructions",
      {},
      {
        containers: [
          { name: "a", image: null },
          { name: "b", $patch: "delete" },
        ],
      },
      { containers: named("a") },
    ],
  ])("%s", (_, before, patch, expected) => {
    const [documents, given] = [{ before, patch }, structuredClone({ before, patch })];
    expect(mergePods(before, patch)).toEqual(expected);
    expect(documents).toEqual(given);
  });
});

describe("objects and scalars", () => {
  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      "are merged",
      { metadata: { labels: { a: "1" } } },
      { metadata: { labels: { b: "2" } } },
      { metadata: { labels: { a: "1", b: "2" } } },
    ],
    [
      "null removes",
      { metadata: { labels: { a: "1" } } },
      { metadata: { labels: { a: null } } },
      { metadata: { labels: {} } },
    ],
    [
      "$patch: replace",
      { spec: { selector: { a: "1" } } },
      { spec: { selector: { b: "1", $patch: "replace" } } },
      { spec: { selector: { b: "1" } } },
    ],
    [
      "$patch: delete",
      { spec: { selector: { a: "1" } } },
      { spec: { selector: { $patch: "delete" } } },
      { spec: { selector: {} } },
    ],
    [
      "merged scalars",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["c", "a"] } },
      { metadata: { finalizers: ["c", "a", "b"] } },
    ],
    [
      "deleted scalars",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] } },
      { metadata: { finalizers: ["b"] } },
    ],
    [
      "ordered scalars",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { "$setElementOrder/finalizers": ["b", "a"] } },
      { metadata: { finalizers: ["b", "a"] } },
    ],
    ["other types replace", { spec: { ports: [{ port: 80 }] } }, { spec: { ports: {} } }, { spec: { ports: {} } }],
    [
      "maps of values",
      { spec: { selector: { a: "1" } } },
      { spec: { selector: { a: "2", b: null } } },
      { spec: { selector: { a: "2" } } },
    ],
    [
      "`__proto__` is a name like any other",
      {},
      JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}'),
      JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}'),
    ],
  ])("%s", (_, before, patch, expected) => {
    expect(applyStrategicMerge(before, patch, service)).toEqual(expected);
  });

  test("$retainKeys of a Deployment's strategy", () => {
    const before = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
    expect(applyStrategicMerge(before, patch, deployment)).toEqual({ spec: { strategy: { type: "Recreate" } } });
  });
});

describe("mistakes", () => {
  test.each<[string, JsonObject, JsonObject, number, string]>([
    [
      "no merge key",
      { containers: named("a") },
      { containers: [{ image: "x" }] },
      500,
      "map: map[image:x] does not contain declared merge key: name",
    ],
    [
      "deletion without merge key",
      { containers: named("a") },
      { containers: [{ $patch: "delete" }] },
      500,
      "map: map[$patch:delete] does not contain declared merge key: name",
    ],
    [
      "unknown directive",
      { containers: named("a") },
      { containers: [{ $patch: "bad", name: "a" }] },
      500,
      "unknown patch type: bad in map: map[$patch:bad name:a]",
    ],
    [
      "$patch: merge in a list",
      { containers: named("a") },
      { containers: [{ $patch: "merge", name: "a" }] },
      500,
      "merging lists cannot yet be specified in the patch",
    ],
    [
      "elements of different sorts",
      { containers: named("a") },
      { containers: ["b"] },
      500,
      "list element types are not identical: [[map[name:a]] [b]]",
    ],
    [
      "lists of lists",
      { containers: [] },
      { containers: [["b"]] },
      422,
      "the server rejected our request due to an error in our request",
    ],
    [
      "not in $setElementOrder",
      { containers: named("a") },
      { "$setElementOrder/containers": named("a"), containers: named("b") },
      500,
      "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    ],
    [
      "$setElementOrder is no list",
      { containers: named("a") },
      { "$setElementOrder/containers": "a" },
      500,
      "expected a []interface {}, but received a string",
    ],
    [
      "$setElementOrder of nothing",
      { containers: named("a") },
      { $setElementOrder: [] },
      400,
      "invalid patch format of setElementOrder list",
    ],
    [
      "$deleteFromPrimitiveList of nothing",
      { containers: named("a") },
      { $deleteFromPrimitiveList: [] },
      400,
      "invalid patch format of primitive list",
    ],
    [
      "$retainKeys is no list",
      { volumes: named("v") },
      { volumes: [{ name: "v", $retainKeys: "name" }] },
      400,
      "invalid patch format of retainKeys",
    ],
    [
      "a member that $retainKeys does not name",
      { volumes: named("v") },
      { volumes: [{ name: "v", emptyDir: {}, $retainKeys: ["name"] }] },
      400,
      "invalid patch format of retainKeys",
    ],
    [
      "a field that the type does not have",
      { nope: {} },
      { nope: {} },
      500,
      'unable to find api field in struct PodSpec for the json field "nope"',
    ],
  ])("%s", (_, before, patch, code, message) => {
    expect(() => mergePods(before, patch)).toThrow(expect.objectContaining({ code, message }));
  });

  test.each<[JsonValue, string]>([
    [[], "json: cannot unmarshal array into Go value of type map[string]interface {}"],
    ["spec", "json: cannot unmarshal string into Go value of type map[string]interface {}"],
  ])("a body such as %j", (body, message) => {
    expect(() => parseStrategicPatch(body)).toThrow(expect.objectContaining({ code: 400, message }));
  });

  test("a body of null does nothing", () => expect(parseStrategicPatch(null)).toEqual({}));
});
