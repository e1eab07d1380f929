import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { builtinTypes } from "../table/builtin.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicMerge } from "./strategic-merge.ts";
import { createMergeThreeWayPatch, createStrategicThreeWayPatch, createStrategicTwoWayPatch } from "./three-way.ts";

const type = builtinTypes().findKind("apps/v1", "Deployment")!.schema;
const pods = (...containers: JsonObject[]): JsonObject => ({ spec: { template: { spec: { containers } } } });

describe("createStrategicThreeWayPatch", () => {
  test.each<[string, JsonObject | undefined, JsonObject, JsonObject, JsonObject]>([
    [
      "nothing changed",
      { spec: { replicas: 1 } },
      { spec: { replicas: 1 } },
      { spec: { replicas: 1, paused: true } },
      {},
    ],
    [
      "a change",
      { spec: { replicas: 1 } },
      { spec: { replicas: 2 } },
      { spec: { replicas: 1 } },
      { spec: { replicas: 2 } },
    ],
    [
      "drift is brought back",
      { spec: { replicas: 1 } },
      { spec: { replicas: 1 } },
      { spec: { replicas: 5 } },
      { spec: { replicas: 1 } },
    ],
    [
      "what was dropped is deleted",
      { spec: { paused: true, replicas: 1 } },
      { spec: { replicas: 1 } },
      { spec: { paused: true, replicas: 1 } },
      { spec: { paused: null } },
    ],
    ["what others added stays", undefined, { spec: { replicas: 1 } }, { spec: { replicas: 1, paused: true } }, {}],
    [
      "an image in a container",
      pods({ name: "a", image: "i:1" }),
      pods({ name: "a", image: "i:2" }),
      pods({ name: "a", image: "i:1", args: ["x"] }, { name: "sidecar", image: "s" }),
      {
        spec: {
          template: {
            spec: {
              "$setElementOrder/containers": [{ name: "a" }],
              containers: [{ name: "a", image: "i:2" }],
            },
          },
        },
      },
    ],
    [
      "a container that was dropped",
      pods({ name: "a" }, { name: "b" }),
      pods({ name: "a" }),
      pods({ name: "a" }, { name: "b" }),
      {
        spec: {
          template: {
            spec: { "$setElementOrder/containers": [{ name: "a" }], containers: [{ name: "b", $patch: "delete" }] },
          },
        },
      },
    ],
    [
      "a union member that gives way to another",
      { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { type: "Recreate" } } },
      { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ["type"], rollingUpdate: null, type: "Recreate" } } },
    ],
    [
      "finalizers",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["c", "b"] } },
      { metadata: { finalizers: ["a", "b"] } },
      {
        metadata: {
          finalizers: ["c"],
          "$deleteFromPrimitiveList/finalizers": ["a"],
          "$setElementOrder/finalizers": ["c", "b"],
        },
      },
    ],
  ])("%s", (_, original, modified, current, patch) => {
    expect(createStrategicThreeWayPatch({ original, modified, current }, type)).toEqual(patch);
  });
});

describe("createMergeThreeWayPatch", () => {
  test.each<[string, JsonObject | undefined, JsonObject, JsonObject, JsonObject]>([
    ["nothing changed", { a: 1 }, { a: 1 }, { a: 1, b: 2 }, {}],
    ["a change", { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
    [
      "what was dropped is deleted",
      { a: { x: 1, y: 2 } },
      { a: { x: 1 } },
      { a: { x: 1, y: 2, z: 3 } },
      { a: { y: null } },
    ],
    [
      "change and deletion in one object",
      { a: { x: 1, y: 2 } },
      { a: { x: 3 } },
      { a: { x: 1, y: 2 } },
      { a: { x: 3, y: null } },
    ],
    ["lists are replaced", { a: [1] }, { a: [1, 2] }, { a: [1, 3] }, { a: [1, 2] }],
    ["an empty object is a value", undefined, { a: {} }, {}, { a: {} }],
  ])("%s", (_, original, modified, current, patch) => {
    expect(createMergeThreeWayPatch({ original, modified, current })).toEqual(patch);
  });
});

const name = fc.constantFrom("a", "b", "c", "d");
const env = fc.uniqueArray(fc.record({ name, value: fc.constantFrom("1", "2") }), { selector: (e) => e.name });
const container = fc.record(
  {
    name,
    image: fc.constantFrom("i:1", "i:2"),
    env,
    args: fc.array(name),
    ports: fc.uniqueArray(fc.record({ containerPort: fc.constantFrom(80, 81), name }), {
      selector: (p) => p.containerPort,
    }),
  },
  { requiredKeys: ["name"] },
);
const volume = fc.oneof(
  fc.record({ name, emptyDir: fc.constant({}) }),
  fc.record({ name, configMap: fc.record({ name }) }),
);
const labels = fc.dictionary(name, fc.constantFrom("1", "2"), { noNullPrototype: true });
const object = fc.record({
  metadata: fc.record({ labels, finalizers: fc.uniqueArray(name) }, { requiredKeys: [] }),
  spec: fc.record(
    {
      replicas: fc.nat(3),
      strategy: fc.constantFrom<JsonObject>(
        { type: "Recreate" },
        { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } },
      ),
      template: fc.record({
        metadata: fc.record({ labels }),
        spec: fc.record(
          {
            containers: fc.uniqueArray(container, { selector: (c) => c.name }),
            volumes: fc.uniqueArray(volume, { selector: (v) => v.name }),
          },
          { requiredKeys: ["containers"] },
        ),
      }),
    },
    { requiredKeys: ["template"] },
  ),
}) as fc.Arbitrary<JsonObject>;

/** What decoding makes of the result: instructions about lists that the live object does not have are unknown fields. */
const decoded = (value: JsonValue): JsonValue =>
  JSON.parse(JSON.stringify(value, (member, v: JsonValue) => (member.startsWith("$") ? undefined : v))) as JsonValue;

describe("properties", () => {
  test("the patch between two states leads from one to the other, order and all", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const patch = createStrategicTwoWayPatch(before, after, type);
        expect(applyStrategicMerge(before, patch, type)).toEqual(after);
      }),
    );
  });

  test("applying to what was applied last gives the manifest", () => {
    fc.assert(
      fc.property(object, object, (original, modified) => {
        const patch = createStrategicThreeWayPatch({ original, modified, current: original }, type);
        expect(applyStrategicMerge(original, patch, type)).toEqual(modified);
        const merge = createMergeThreeWayPatch({ original, modified, current: original });
        expect(applyMergePatch(original, merge)).toEqual(modified);
      }),
    );
  });

  test("applying twice changes nothing the second time", () => {
    fc.assert(
      fc.property(object, object, object, (original, modified, current) => {
        const first = createStrategicThreeWayPatch({ original, modified, current }, type);
        const applied = decoded(applyStrategicMerge(current, first, type)) as JsonObject;
        const second = createStrategicThreeWayPatch({ original: modified, modified, current: applied }, type);
        expect(applyStrategicMerge(applied, second, type)).toEqual(applied);
      }),
    );
  });
});
