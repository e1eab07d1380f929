import { describe, expect, test } from "vitest";
import { builtinTypes } from "./builtin.ts";
import type { Field, ObjectSchema, Schema } from "./schema.ts";

const table = builtinTypes();

function field(schema: Schema | undefined, ...path: readonly string[]): Field | undefined {
  let found: Field | undefined;
  for (const name of path) {
    const inner: Schema | undefined = found ? found.schema : schema;
    const object = inner?.kind === "list" ? inner.items : inner;
    if (object?.kind !== "object") return undefined;
    found = object.fields.get(name);
  }
  return found;
}

const schemaOf = (apiVersion: string, kind: string): ObjectSchema | undefined =>
  table.findType(apiVersion, kind)?.schema;

describe("the table", () => {
  test("lists groups in the order of discovery, ours last", () => {
    expect(table.groups.map((g) => g.name)).toEqual([
      "",
      "apps",
      "events.k8s.io",
      "authentication.k8s.io",
      "authorization.k8s.io",
      "autoscaling",
      "batch",
      "networking.k8s.io",
      "policy",
      "rbac.authorization.k8s.io",
      "storage.k8s.io",
      "scheduling.k8s.io",
      "coordination.k8s.io",
      "node.k8s.io",
      "discovery.k8s.io",
      "gateway.networking.k8s.io",
      "sluice.dev",
    ]);
    expect(table.groups.find((g) => g.name === "autoscaling")?.versions).toEqual(["v2", "v1"]);
  });

  test("finds a resource by its place in the URL and by its kind", () => {
    const info = table.find("apps", "v1", "deployments");
    expect(info).toBe(table.findKind("apps/v1", "Deployment"));
    expect(info).toMatchObject({ singular: "deployment", shortNames: ["deploy"], categories: ["all"], custom: false });
    expect(info?.subresources.map((s) => `${s.name} ${s.group}/${s.version} ${s.kind}`)).toEqual([
      "scale autoscaling/v1 Scale",
      "status apps/v1 Deployment",
    ]);
    expect(table.find("extensions", "v1beta1", "deployments")).toBeUndefined();
    expect(table.find("", "v1", "deployments")).toBeUndefined();
  });

  test("knows kinds that only subresources and options have", () => {
    expect(table.findKind("autoscaling/v1", "Scale")).toBeUndefined();
    expect(table.findType("autoscaling/v1", "Scale")).toMatchObject({
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
    });
    expect(table.findType("v1", "Pod")).toBe(table.findKind("v1", "Pod"));
    expect(table.findType("apps/v1", "DeleteOptions")?.schema.fields.has("propagationPolicy")).toBe(true);
    expect(table.findType("v1", "Nothing")).toBeUndefined();
    expect(table.findType("v1", "ObjectMeta")).toBeUndefined();
  });

  test("says which of two views of one thing is stored", () => {
    expect(table.find("events.k8s.io", "v1", "events")?.storage).toEqual({ group: "", version: "v1" });
    expect(table.find("autoscaling", "v1", "horizontalpodautoscalers")?.storage.version).toBe("v2");
    expect(table.find("gateway.networking.k8s.io", "v1", "referencegrants")?.storage.version).toBe("v1beta1");
    expect(table.find("", "v1", "pods")?.storage).toEqual({ group: "", version: "v1" });
  });

  test("every resource has a schema with metadata or is a request of one call", () => {
    for (const info of table.resources) {
      expect(info.schema.fields.has("metadata"), `${info.group}/${info.version} ${info.plural}`).toBe(true);
    }
  });
});

describe("schemas of Go types", () => {
  const pod = schemaOf("v1", "Pod");

  test("inlined structs are fields in JSON and messages of their own in protobuf", () => {
    const probe = field(pod, "spec", "containers", "readinessProbe")?.schema;
    if (probe?.kind !== "object") throw new Error("no probe");
    expect(probe.fields.get("httpGet")).not.toHaveProperty("pb");
    expect(probe.inlined.get(1)?.fields.get("httpGet")?.pb).toEqual({ number: 2, wire: "bytes" });
    expect(probe.fields.get("periodSeconds")?.pb).toEqual({ number: 4, wire: "varint" });
  });

  test("the Go type decides the wire type, not the struct tag", () => {
    expect(field(pod, "spec", "priority")?.pb).toEqual({ number: 25, wire: "varint" });
    expect(field(pod, "spec", "hostUsers")?.pb).toEqual({ number: 37, wire: "varint" });
  });

  test("lists, their keys and how patches merge them", () => {
    const ports = field(pod, "spec", "containers", "ports");
    expect(ports).toMatchObject({ patchStrategy: ["merge"], patchMergeKey: "containerPort", omitempty: true });
    expect(ports?.schema).toMatchObject({ kind: "list", listType: "map", keys: ["containerPort", "protocol"] });
    expect(field(pod, "spec", "volumes")?.patchStrategy).toEqual(["merge", "retainKeys"]);
    expect(field(pod, "spec", "tolerations")?.schema).toMatchObject({ kind: "list", listType: "atomic" });
    expect(field(pod, "metadata", "finalizers")?.schema).toMatchObject({ kind: "list", listType: "set" });
  });

  test("a type that contains itself is built once", () => {
    const props = schemaOf("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    const schema = field(props, "spec", "versions", "schema", "openAPIV3Schema");
    const not = field(schema?.schema, "not");
    expect(not?.schema).toBe(schema?.schema);
  });
});

describe("structural schemas", () => {
  const route = table.find("gateway.networking.k8s.io", "v1", "httproutes")?.schema;
  const policy = table.find("sluice.dev", "v1alpha1", "releasepolicies")?.schema;

  test("have Kubernetes' metadata", () => {
    expect(field(route, "metadata", "labels")?.schema.kind).toBe("map");
  });

  test("keep constraints, defaults and list types", () => {
    expect(field(route, "spec", "rules", "backendRefs", "weight")?.schema).toMatchObject({
      kind: "scalar",
      type: "int32",
      default: 1,
      minimum: 0,
      maximum: 1_000_000,
    });
    expect(field(policy, "spec", "retry")?.schema).toMatchObject({ default: "OnStable", enum: ["OnStable", "Never"] });
    expect(field(policy, "spec", "targetRef", "name")?.required).toBe(true);
    expect(field(policy, "status", "conditions")?.schema).toMatchObject({ listType: "map", keys: ["type"] });
    expect(field(policy, "spec", "smoke", "headers")?.schema).toMatchObject({
      kind: "map",
      values: { type: "string" },
    });
  });

  test("an untyped schema takes anything, an open object keeps what it does not know", () => {
    expect(field(policy, "spec", "steps")?.schema).toEqual({ kind: "any", default: "auto" });
    const release = table.find("sluice.dev", "v1alpha1", "releases")?.schema;
    expect(field(release, "status", "ledger")?.schema).toMatchObject({ kind: "object", preserveUnknown: true });
  });
});
