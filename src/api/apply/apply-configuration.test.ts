import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { decodeValue } from "../decode/decode-object.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { type Applied, applyConfiguration } from "./apply-configuration.ts";
import { formatFieldsV1 } from "./fields-v1.ts";
import { FieldSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import { resetFilter } from "./reset-fields.ts";
import { trackFields, withoutTimeChanges } from "./track-fields.ts";

const types = builtinTypes();
const configMap = types.findKind("v1", "ConfigMap")!;
const deployment = types.findKind("apps/v1", "Deployment")!;
const route = types.findKind("gateway.networking.k8s.io/v1", "HTTPRoute")!;
const AT = "2026-01-01T00:00:00Z";
const LATER = "2026-01-02T00:00:00Z";

/** The object as the API server would keep it. */
const stored = (info: ResourceInfo, { object, managedFields }: Applied): JsonObject => {
  const decoded = decodeValue(info, object).object;
  return { ...decoded, metadata: { ...decoded.metadata, uid: "u", managedFields: [...managedFields] } };
};
const cm = (data: JsonObject): JsonObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data });
const apply = (live: JsonObject | undefined, config: JsonObject, manager = "a", force = false): JsonObject =>
  stored(configMap, applyConfiguration(configMap, { ...(live && { live }), config, manager, force, time: AT }));

describe("custom kinds", () => {
  const config = (spec: JsonObject): JsonObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "r" },
    spec,
  });

  test("are merged by their schema", () => {
    const live = stored(
      route,
      applyConfiguration(route, { config: config({ hostnames: ["a.example"] }), manager: "a", force: false, time: AT }),
    );
    const { object, managedFields } = applyConfiguration(route, {
      live,
      config: config({ rules: [{ name: "release", backendRefs: [{ name: "web", port: 80 }] }] }),
      manager: "b",
      force: false,
      time: AT,
    });
    expect(object["spec"]).toEqual({
      hostnames: ["a.example"],
      rules: [{ name: "release", backendRefs: [{ name: "web", port: 80 }] }],
    });
    expect(managedFields.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([
      ["a", { "f:spec": { "f:hostnames": {} } }],
      ["b", { "f:spec": { "f:rules": {} } }],
    ]);
  });

  test("own their spec itself when they are created", () => {
    const after = { ...config({ hostnames: ["a.example"] }) };
    const [entry] = trackFields(route, { after, manager: "m", operation: "Update", time: AT });
    expect(entry?.fieldsV1).toEqual({ "f:spec": { ".": {}, "f:hostnames": {} } });
  });
});

describe("properties", () => {
  const data = fc.dictionary(fc.constantFrom("x", "y", "z", "__proto__"), fc.constantFrom("1", "2"), {
    noNullPrototype: true,
    minKeys: 1,
  });

  test("an apply is in force, and the second one changes nothing", () => {
    fc.assert(
      fc.property(data, data, data, (first, second, third) => {
        const live = apply(apply(undefined, cm(first), "a"), cm(second), "b", true);
        const once = apply(live, cm(third), "a", true);
        expect(once["data"] ?? {}).toMatchObject(third);
        expect(apply(once, cm(third), "a", true)).toEqual(once);
        expect(apply(once, cm(third), "a", false)).toEqual(once);
      }),
    );
  });

  test("a manager that applies nothing any more leaves nothing behind", () => {
    fc.assert(
      fc.property(data, data, (first, second) => {
        const only = apply(undefined, cm(second), "b");
        const both = apply(apply(undefined, cm(first), "a"), cm(second), "b", true);
        const left = apply(both, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } }, "a");
        expect(left["data"] ?? {}).toEqual(only["data"]);
      }),
    );
  });
});

test("applies from twice one manager in two versions are one entry", () => {
  const live = apply(undefined, cm({ x: "1" }));
  const metadata = live["metadata"] as { managedFields: JsonObject[] };
  const older = {
    ...live,
    metadata: { ...metadata, managedFields: metadata.managedFields.map((e) => ({ ...e, apiVersion: "v0" })) },
  };
  const entries = (apply(older, cm({ x: "2" }))["metadata"] as { managedFields: JsonValue[] }).managedFields;
  expect(entries).toMatchObject([{ manager: "a", operation: "Apply", apiVersion: "v1" }]);
});

test("scaling takes the replicas, through a subresource and without a time", () => {
  const object = (replicas: number, managedFields?: JsonValue): JsonObject => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", uid: "u", ...(managedFields !== undefined && { managedFields }) },
    spec: { replicas, selector: {}, template: {} },
  });
  const owner = [
    {
      manager: "m",
      operation: "Update",
      apiVersion: "apps/v1",
      time: AT,
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:replicas": {} } },
    },
  ];
  const write = { before: object(1, owner), after: object(2, owner), operation: "Update", time: LATER } as const;
  expect(trackFields(deployment, { ...write, manager: "kubectl", subresource: "scale" })).toEqual([
    {
      manager: "kubectl",
      operation: "Update",
      apiVersion: "apps/v1",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:replicas": {} } },
      subresource: "scale",
    },
  ]);
});

describe("resetFilter", () => {
  const fields = FieldSet.of(
    ...[
      "metadata.labels.a",
      "metadata.annotations.a",
      "metadata.ownerReferences",
      "spec.replicas",
      "status.replicas",
    ].map((p) => p.split(".").map(fieldElement)),
  );
  const meta = (...names: string[]): JsonObject => ({
    "f:metadata": Object.fromEntries(
      ["annotations", "labels", "ownerReferences"]
        .filter((n) => names.includes(n))
        .map((n) => [`f:${n}`, n === "ownerReferences" ? {} : { "f:a": {} }]),
    ),
  });
  const ALL = meta("annotations", "labels", "ownerReferences");
  const SPEC = { "f:spec": { "f:replicas": {} } };
  const STATUS = { "f:status": { "f:replicas": {} } };

  test.each<[string, ResourceInfo, string, JsonObject]>([
    ["a Deployment", deployment, "", { ...ALL, ...SPEC }],
    ["a Deployment's status", deployment, "status", { ...meta("annotations", "ownerReferences"), ...STATUS }],
    ["a Pod's status", types.findKind("v1", "Pod")!, "status", { ...meta("annotations", "labels"), ...STATUS }],
    ["a Node's status", types.findKind("v1", "Node")!, "status", { ...ALL, ...STATUS }],
    ["a kind without status", configMap, "", { ...ALL, ...SPEC, ...STATUS }],
    ["a custom kind", route, "", { ...ALL, ...SPEC }],
    ["a custom kind's status", route, "status", STATUS],
    ["a Namespace's finalizers", types.findKind("v1", "Namespace")!, "finalize", { ...ALL, ...SPEC }],
    ["ephemeral containers", types.findKind("v1", "Pod")!, "ephemeralcontainers", {}],
  ])("%s", (_, info, subresource, expected) => {
    expect(formatFieldsV1(resetFilter(info, subresource)(fields))).toEqual(expected);
  });

  test("resizing may change the resources of containers and nothing else of them", () => {
    const pod = FieldSet.of(
      ["spec", "containers", "c", "resources", "limits"].map(fieldElement),
      ["spec", "containers", "c", "image"].map(fieldElement),
    );
    expect(formatFieldsV1(resetFilter(types.findKind("v1", "Pod")!, "resize")(pod))).toEqual({
      "f:spec": { "f:containers": { "f:c": { "f:resources": { "f:limits": {} } } } },
    });
  });
});

describe("withoutTimeChanges", () => {
  const object = (time: string, data: JsonObject = { x: "1" }, manager = "a"): JsonObject => ({
    ...cm(data),
    metadata: { name: "c", managedFields: [{ manager, operation: "Apply", time }] },
  });

  test.each<[string, JsonObject, JsonObject, boolean]>([
    ["takes back what only changes times", object(AT), object(LATER), true],
    ["lets a change of the object stand", object(AT), object(LATER, { x: "2" }), false],
    ["lets a change of ownership stand", object(AT), object(LATER, { x: "1" }, "b"), false],
    ["has nothing to do without managed fields", cm({}), cm({}), false],
  ])("%s", (_, before, after, takesBack) => {
    expect(withoutTimeChanges(before, after)).toEqual(takesBack ? before : after);
  });
});
