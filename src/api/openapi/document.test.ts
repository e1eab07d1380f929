import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { builtinTypes } from "../table/builtin.ts";
import { openApiGroupVersions, openApiV2, openApiV2Stub, openApiV3 } from "./document.ts";

const types = builtinTypes();
const VERSION = "v1.36.3";
const KEYS = openApiGroupVersions(types);

/** What stands at a path of members: `at(document, "components", "schemas")`. */
const at = (value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined => {
  let found = value;
  for (const name of path) found = (found as JsonObject | undefined)?.[name];
  return found;
};

const documentOf = (key: string): JsonObject => openApiV3(types, key, VERSION)!;
const schemaOf = (key: string, name: string, ...path: readonly string[]): JsonValue | undefined =>
  at(documentOf(key), "components", "schemas", name, ...path);

const references = (value: JsonValue): string[] => {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === "$ref" && typeof inner === "string" ? [inner] : references(inner as JsonValue),
  );
};

const unresolved = (document: JsonObject): string[] =>
  references(document).filter((ref) => at(document, ...ref.slice(2).split("/")) === undefined);

describe("the index", () => {
  test("lists every group version once, core first", () => {
    expect(KEYS[0]).toBe("api/v1");
    expect(KEYS).toContain("apis/apps/v1");
    expect(KEYS).toContain("apis/sluice.dev/v1alpha1");
    expect(new Set(KEYS).size).toBe(KEYS.length);
  });

  test("has no document for a group version that is not served", () => {
    expect(openApiV3(types, "apis/apps/v1beta1", VERSION)).toBeUndefined();
    expect(openApiV3(types, "", VERSION)).toBeUndefined();
  });
});

describe("documents of version 3", () => {
  test.each(KEYS)("%s: every reference leads somewhere", (key) => {
    expect(unresolved(documentOf(key))).toEqual([]);
  });

  test("say of which server they are", () => {
    expect(documentOf("api/v1")).toMatchObject({
      openapi: "3.0.0",
      info: { title: "Kubernetes", version: VERSION },
    });
  });

  test("every write of a kind takes fieldValidation, no read does", () => {
    const paths = at(documentOf("apis/apps/v1"), "paths");
    const item = at(paths, "/apis/apps/v1/namespaces/{namespace}/deployments/{name}") as JsonObject;
    const collection = at(paths, "/apis/apps/v1/namespaces/{namespace}/deployments") as JsonObject;
    const gvk = { group: "apps", kind: "Deployment", version: "v1" };
    const writes = [item["put"], item["patch"], collection["post"]];
    for (const operation of writes)
      expect(operation).toMatchObject({
        parameters: [{ name: "fieldValidation", in: "query" }],
        "x-kubernetes-group-version-kind": gvk,
      });
    for (const operation of [item["get"], item["delete"], collection["get"]]) {
      expect(operation).toMatchObject({ "x-kubernetes-group-version-kind": gvk });
      expect(operation).not.toHaveProperty("parameters");
    }
  });

  test.each<[string, string, string, string[] | undefined]>([
    ["namespaced", "api/v1", "/api/v1/namespaces/{namespace}/pods/{name}", ["name", "namespace"]],
    ["cluster-wide", "api/v1", "/api/v1/namespaces/{name}", ["name"]],
    ["status", "api/v1", "/api/v1/namespaces/{namespace}/pods/{name}/status", ["name", "namespace"]],
    ["a collection of the cluster", "api/v1", "/api/v1/nodes", undefined],
  ])("parameters of the path: %s", (_, key, path, names) => {
    const item = at(documentOf(key), "paths", path) as JsonObject;
    expect((item["parameters"] as JsonObject[] | undefined)?.map(({ name }) => name)).toEqual(names);
  });

  test("the operations of scale are about its own kind", () => {
    const path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale";
    expect(at(documentOf("apis/apps/v1"), "paths", path, "patch", "x-kubernetes-group-version-kind")).toEqual({
      group: "autoscaling",
      kind: "Scale",
      version: "v1",
    });
  });

  test("what only connects (exec, log) has no path", () => {
    const paths = Object.keys(at(documentOf("api/v1"), "paths") as JsonObject);
    expect(paths.filter((path) => /\/(exec|log|attach|portforward)$/.test(path))).toEqual([]);
  });
});

describe("schemas", () => {
  test("a kind names its group version kind", () => {
    expect(schemaOf("apis/apps/v1", "io.k8s.api.apps.v1.Deployment", "x-kubernetes-group-version-kind")).toEqual([
      { group: "apps", kind: "Deployment", version: "v1" },
    ]);
  });

  test("lists say how they are merged, by apply and by strategic patches", () => {
    expect(schemaOf("api/v1", "io.k8s.api.core.v1.ServiceSpec", "properties", "ports")).toMatchObject({
      type: "array",
      items: { $ref: "#/components/schemas/io.k8s.api.core.v1.ServicePort" },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["port", "protocol"],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "port",
    });
  });

  test("required fields are listed", () => {
    expect(schemaOf("apis/batch/v1", "io.k8s.api.batch.v1.CronJobSpec", "required")).toEqual([
      "schedule",
      "jobTemplate",
    ]);
  });

  test.each<[string, string, JsonObject]>([
    ["numbers", "terminationGracePeriodSeconds", { type: "integer", format: "int64" }],
    ["switches", "hostNetwork", { type: "boolean" }],
    ["maps", "nodeSelector", { type: "object", additionalProperties: { type: "string" } }],
  ])("%s", (_, field, expected) => {
    expect(schemaOf("api/v1", "io.k8s.api.core.v1.PodSpec", "properties", field)).toMatchObject(expected);
  });

  test("untyped values with a name are referred to", () => {
    const entry = "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry";
    expect(schemaOf("api/v1", entry, "properties", "fieldsV1", "allOf")).toEqual([
      { $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1" },
    ]);
  });

  test("types lead to their description, fields to their type", () => {
    const probe = "io.k8s.api.core.v1.Probe";
    expect(schemaOf("api/v1", probe, "description")).toBe(
      "Probe: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#probe-v1-core",
    );
    expect(schemaOf("api/v1", probe, "properties", "exec", "description")).toBe("See Probe.");
    expect(schemaOf("api/v1", probe, "properties", "periodSeconds", "description")).toBe("See Probe. Defaults to 10.");
  });

  test("scalars with a name are referred to", () => {
    const name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    expect(schemaOf("api/v1", "io.k8s.api.core.v1.HTTPGetAction", "properties", "port")).toMatchObject({
      allOf: [{ $ref: `#/components/schemas/${name}` }],
    });
    expect(schemaOf("api/v1", name)).toEqual({
      format: "int-or-string",
      oneOf: [{ type: "integer" }, { type: "string" }],
    });
  });

  test("custom kinds are named by their domain", () => {
    expect(schemaOf("apis/sluice.dev/v1alpha1", "dev.sluice.v1alpha1.Release", "type")).toBe("object");
    expect(
      schemaOf("apis/gateway.networking.k8s.io/v1", "io.k8s.networking.gateway.v1.HTTPRoute", "properties", "metadata"),
    ).toEqual({ allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }] });
  });
});

describe("documents of version 2", () => {
  test("define everything, with references that lead somewhere", () => {
    const document = openApiV2(types, VERSION);
    expect(document).toMatchObject({ swagger: "2.0", info: { title: "Kubernetes", version: VERSION } });
    expect(unresolved(document)).toEqual([]);
    expect(at(document, "definitions", "io.k8s.apimachinery.pkg.api.resource.Quantity")).toEqual({ type: "string" });
    for (const { kind, group, version } of types.resources)
      expect(Object.values(document["definitions"] as JsonObject)).toContainEqual(
        expect.objectContaining({ "x-kubernetes-group-version-kind": [{ group, kind, version }] }),
      );
  });

  test("protobuf: swagger = 2.0, info = { title, version }", () => {
    const hex = (text: string): string => Buffer.from(text).toString("hex");
    expect(Buffer.from(openApiV2Stub(VERSION)).toString("hex")).toBe(
      `0a03${hex("2.0")}12150a0a${hex("Kubernetes")}1207${hex(VERSION)}`,
    );
  });

  test("protobuf: lengths above 127 take two bytes", () => {
    const bytes = openApiV2Stub("x".repeat(300));
    // info: 12 bytes of title + tag + 2 bytes of length + 300 = 315 = 0b10_0111011.
    expect(Buffer.from(bytes.subarray(5, 8)).toString("hex")).toBe("12bb02");
  });
});
