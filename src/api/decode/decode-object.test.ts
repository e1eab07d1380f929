import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { StatusError } from "../status-error.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { KindInfo } from "../table/type-table.ts";
import { decodeObject, decodeValue, type MediaType, problemWarnings, strictDecodingError } from "./decode-object.ts";

const types = builtinTypes();

function kind(apiVersion: string, name: string): KindInfo {
  const info = types.findType(apiVersion, name);
  if (!info) throw new Error(`no kind ${apiVersion} ${name}`);
  return info;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a strict decoder says: the refusal, or nothing. */
function refusal(info: KindInfo, body: string, media: MediaType = "json"): string | undefined {
  try {
    const { problems } = decodeObject(info, bytes(body), media, types);
    return problems.length > 0 ? strictDecodingError(info, problems).message : undefined;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

interface Recorded {
  kind: string;
  media?: "yaml";
  body: string;
  message?: string;
}
const recorded = JSON.parse(
  readFileSync(new URL("../../../test/testdata/kube-decoding.json", import.meta.url), "utf8"),
) as { cases: Recorded[] };

test.each(recorded.cases)("$kind $body", ({ kind: name, media, body, message }) => {
  const [apiVersion = "", short = ""] = name.split(" ");
  if (media === "yaml" && message?.includes(": yaml: line")) return; // go-yaml's own words for bad syntax
  expect(refusal(kind(apiVersion, short), body, media)).toBe(message);
});

describe("a read object", () => {
  const read = (info: KindInfo, value: JsonObject): JsonObject => decodeValue(info, value).object;

  test("has its type's fields in order, kind and apiVersion from the URL", () => {
    const { object } = decodeObject(
      kind("v1", "ConfigMap"),
      bytes('{"data":{"b":"1","a":"2"},"metadata":{"name":"x"}}'),
      "json",
      types,
    );
    expect(JSON.stringify(object)).toBe(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":"2","b":"1"}}',
    );
  });

  test("leaves out zero values, keeps zero pointers, and structs by value", () => {
    expect(
      read(kind("apps/v1", "Deployment"), {
        metadata: { labels: {}, finalizers: [], generation: 0 },
        spec: { replicas: 0, paused: false, minReadySeconds: 0, selector: {}, template: { spec: { containers: [] } } },
      }),
    ).toEqual({
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: {},
      spec: { replicas: 0, selector: {}, template: { metadata: {}, spec: { containers: null } }, strategy: {} },
      status: {},
    });
  });

  test("puts in what Go's struct tags never leave out", () => {
    expect(read(kind("v1", "Event"), { metadata: { name: "e" } })).toEqual({
      kind: "Event",
      apiVersion: "v1",
      metadata: { name: "e" },
      involvedObject: {},
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: null,
      reportingComponent: "",
      reportingInstance: "",
    });
    expect(read(kind("rbac.authorization.k8s.io/v1", "Role"), { rules: [] })["rules"]).toBeNull();
  });

  test("has canonical scalars", () => {
    const spec = {
      containers: [{ name: "c", resources: { limits: { cpu: "0.5", memory: 1024 }, requests: { cpu: "1000m" } } }],
    };
    const pod = read(kind("v1", "Pod"), { metadata: { deletionTimestamp: "2026-03-01T14:00:00.9+02:00" }, spec });
    expect(pod["metadata"]).toEqual({ deletionTimestamp: "2026-03-01T12:00:00Z" });
    expect(pod["spec"]).toMatchObject({
      containers: [{ resources: { limits: { cpu: "500m", memory: "1024" }, requests: { cpu: "1" } } }],
    });
  });

  test("shares nothing with the value that it was read from", () => {
    const labels = { a: "b" };
    const fields: Record<string, JsonObject> = { "f:a": {} };
    const managedFields = [{ fieldsV1: fields }];
    const object = read(kind("v1", "Pod"), { metadata: { labels, managedFields } });
    labels.a = "changed";
    delete fields["f:a"];
    expect(object["metadata"]).toEqual({ labels: { a: "b" }, managedFields: [{ fieldsV1: { "f:a": {} } }] });
  });

  test("takes names of Object.prototype for what they are: names", () => {
    const body =
      '{"metadata":{"name":"x","labels":{"__proto__":"a","constructor":"b"}},"__proto__":{"data":{"x":"y"}}}';
    const { object, problems } = decodeObject(kind("v1", "ConfigMap"), bytes(body), "json", types);
    expect(JSON.stringify(object.metadata)).toBe('{"name":"x","labels":{"__proto__":"a","constructor":"b"}}');
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(object["data"]).toBeUndefined();
    expect(problems).toEqual(['unknown field "__proto__"']);
  });

  test("is refused when it is nested too deeply", () => {
    const deep = `{"metadata":{"managedFields":[{"fieldsV1":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}]}}`;
    expect(refusal(kind("v1", "Pod"), deep)).toMatch(/invalid character '{' exceeded max depth/);
  });

  test("may be large", () => {
    const data = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, "v"]));
    const body = JSON.stringify({ metadata: { name: "x" }, data });
    const { object } = decodeObject(kind("v1", "ConfigMap"), bytes(body), "json", types);
    expect(object["data"]).toEqual(data);
  });
});

describe("a body of another kind", () => {
  const events = kind("events.k8s.io/v1", "Event");
  test.each([
    [
      events,
      { apiVersion: "v1", kind: "Event" },
      "the API version in the data (v1) does not match the expected API version (events.k8s.io/v1)",
    ],
    [
      kind("rbac.authorization.k8s.io/v1", "Role"),
      { apiVersion: "v1", kind: "Pod" },
      'Pod in version "v1" cannot be handled as a Role: converting (v1.Pod) to (rbac.Role): unknown conversion',
    ],
    [
      kind("v1", "Pod"),
      { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: "x" } },
      'Deployment in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
  ] as const)("%o", (info, body, message) => {
    expect(refusal(info, JSON.stringify(body))).toBe(message);
  });
});

describe("YAML", () => {
  test("duplicate keys are one problem in a refusal, one warning each", () => {
    const body = "metadata: {name: x}\nmetadata: {name: z}\ndata: {a: '1', a: '2'}\nfoo: 1";
    const { object, problems } = decodeObject(kind("v1", "ConfigMap"), bytes(body), "yaml", types);
    expect(object["data"]).toEqual({ a: "2" });
    expect(problemWarnings(problems)).toEqual([
      'line 2: key "metadata" already set in map',
      'line 3: key "a" already set in map',
      'unknown field "foo"',
    ]);
  });
});

describe("a custom object", () => {
  const policy = kind("sluice.dev/v1alpha1", "ReleasePolicy");

  test("is pruned, its metadata typed, its nulls dropped, wrong types left to validation", () => {
    const body = {
      metadata: { name: "p", nope: 1, labels: {}, creationTimestamp: null },
      spec: { targetRef: { name: "d", x: 1 }, soak: 5, bake: null, steps: [{ weight: 1, any: "thing" }], retry: null },
      extra: true,
      status: null,
    };
    const { object, problems } = decodeObject(policy, bytes(JSON.stringify(body)), "json", types);
    expect(object).toEqual({
      kind: "ReleasePolicy",
      apiVersion: "sluice.dev/v1alpha1",
      metadata: { name: "p" },
      spec: { targetRef: { name: "d" }, soak: 5, bake: null, steps: [{ weight: 1, any: "thing" }], retry: null },
    });
    expect(problems).toEqual([
      'unknown field "metadata.nope"',
      'unknown field "extra"',
      'unknown field "spec.targetRef.x"',
    ]);
  });

  test("duplicates come before unknown fields", () => {
    expect(refusal(policy, '{"a":1,"spec":{"soak":"1s","soak":"2s"}}')).toBe(
      'ReleasePolicy in version "v1alpha1" cannot be handled as a ReleasePolicy: strict decoding error: duplicate field "spec.soak", unknown field "a"',
    );
  });

  test("metadata of a wrong type is refused", () => {
    expect(refusal(policy, '{"metadata":{"labels":{"a":1}}}')).toMatch(
      /json: cannot unmarshal number into Go struct field ObjectMeta\.labels of type string$/,
    );
  });

  test("has no protobuf form", () => {
    expect(() => decodeObject(policy, new Uint8Array(), "protobuf", types)).toThrow("unknown format");
  });
});
