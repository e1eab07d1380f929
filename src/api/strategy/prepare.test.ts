import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { decodeValue } from "../decode/decode-object.ts";
import { applyDefaults } from "../defaults/apply-defaults.ts";
import type { Unstructured } from "../object.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { KindInfo } from "../table/type-table.ts";
import { qosClass } from "./pod.ts";
import { prepareForCreate, prepareForUpdate } from "./prepare.ts";
import { updateRules } from "./update-rules.ts";

const types = builtinTypes();
const NOW = "2026-03-01T12:00:00Z";

function kind(apiVersion: string, name: string): KindInfo {
  const info = types.findKind(apiVersion, name);
  if (!info) throw new Error(`no kind ${apiVersion} ${name}`);
  return info;
}

const made = (info: KindInfo, value: JsonObject): Unstructured => applyDefaults(info, decodeValue(info, value).object);
const created = (info: KindInfo, value: JsonObject): Unstructured => prepareForCreate(info, made(info, value), NOW);

const deployment = kind("apps/v1", "Deployment");
const pod = kind("v1", "Pod");
const service = kind("v1", "Service");
const policy = kind("sluice.dev/v1alpha1", "ReleasePolicy");

test("a Service that loses its spec has no ports, not null ones", () => {
  const old = created(service, { spec: { type: "LoadBalancer", ports: [{ port: 80, nodePort: 30_000 }] } });
  expect(prepareForUpdate(service, made(service, { spec: null }), old)["spec"]).not.toHaveProperty("ports");
});

describe("a new object", () => {
  test("has the status of its kind, whatever was sent", () => {
    expect(created(deployment, { status: { replicas: 7 } })["status"]).toEqual({});
    expect(created(pod, { spec: { containers: [] }, status: { phase: "Running" } })["status"]).toEqual({
      phase: "Pending",
      qosClass: "BestEffort",
    });
    expect(created(policy, { spec: { targetRef: { name: "d" } }, status: { steps: "x" } })).not.toHaveProperty(
      "status",
    );
    expect(created(kind("v1", "Node"), { status: { phase: "Running" } })["status"]).toMatchObject({ phase: "Running" });
  });

  test("begins its generations, where its kind counts them", () => {
    expect(created(deployment, { metadata: { generation: 9 } }).metadata["generation"]).toBe(1);
    expect(created(policy, {}).metadata["generation"]).toBe(1);
    expect(created(kind("v1", "ConfigMap"), { metadata: { generation: 9 } }).metadata).toEqual({ generation: 9 });
  });

  test("a gated pod says that it is", () => {
    const status = created(pod, { spec: { containers: [], schedulingGates: [{ name: "g" }] } })["status"];
    expect(status).toMatchObject({
      conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated", lastTransitionTime: NOW }],
    });
  });

  test("label keys become expressions of the selector", () => {
    const spread = { maxSkew: 1, topologyKey: "k", whenUnsatisfiable: "DoNotSchedule" };
    const spec = created(pod, {
      metadata: { labels: { a: "1", b: "2" } },
      spec: {
        containers: [],
        topologySpreadConstraints: [{ ...spread, labelSelector: {}, matchLabelKeys: ["a", "none"] }, spread],
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: "k", labelSelector: { matchLabels: { x: "y" } }, mismatchLabelKeys: ["b"] },
            ],
          },
        },
      },
    })["spec"];
    expect(spec).toMatchObject({
      topologySpreadConstraints: [
        { labelSelector: { matchExpressions: [{ key: "a", operator: "In", values: ["1"] }] } },
        spread,
      ],
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchExpressions: [{ key: "b", operator: "NotIn", values: ["2"] }] } },
          ],
        },
      },
    });
  });

  test("a Job selects its pods by its uid, unless its author chooses", () => {
    const job = kind("batch/v1", "Job");
    const named = { name: "j", uid: "u" };
    const template = { metadata: { labels: { a: "b" } } };
    const automatic = created(job, { metadata: named, spec: { template } });
    expect(automatic["spec"]).toMatchObject({
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "u" } },
      template: { metadata: { labels: { a: "b", "job-name": "j", "batch.kubernetes.io/controller-uid": "u" } } },
    });
    expect(automatic.metadata["labels"]).toMatchObject({ a: "b", "controller-uid": "u" });
    const manual = created(job, { metadata: named, spec: { manualSelector: true, template } });
    expect(manual["spec"]).not.toHaveProperty("selector");
  });
});

describe("an update", () => {
  const old = { ...created(deployment, { metadata: { name: "d" }, spec: { replicas: 1 } }), status: { replicas: 1 } };
  const spec = (object: Unstructured): JsonObject => object["spec"] as JsonObject;

  test.each<[string, (o: Unstructured) => Unstructured, number]>([
    ["of nothing", (o) => o, 1],
    ["of the status", (o) => ({ ...o, status: { replicas: 9 } }), 1],
    ["of labels", (o) => ({ ...o, metadata: { ...o.metadata, labels: { a: "b" } } }), 1],
    ["of the spec", (o) => ({ ...o, spec: { ...spec(o), replicas: 2 } }), 2],
    [
      "of annotations, which are copied to ReplicaSets",
      (o) => ({ ...o, metadata: { ...o.metadata, annotations: { a: "b" } } }),
      2,
    ],
    ["of the generation itself", (o) => ({ ...o, metadata: { ...o.metadata, generation: 9 } }), 1],
  ])("%s", (_, change, generation) => {
    const next = prepareForUpdate(deployment, change(old), old);
    expect(next.metadata["generation"]).toBe(generation);
    expect(next["status"]).toEqual({ replicas: 1 });
  });

  test("of the status alone leaves the spec, the labels and the generation", () => {
    const sent = { ...old, spec: {}, status: { replicas: 2 }, metadata: { ...old.metadata, labels: { a: "b" } } };
    const next = prepareForUpdate(deployment, sent, old, "status");
    expect(next).toEqual({ ...old, status: { replicas: 2 } });
  });

  test("of a custom object's status takes nothing else but managed fields", () => {
    const stored = created(policy, { metadata: { name: "p" }, spec: { targetRef: { name: "d" } } });
    const sent = {
      ...stored,
      spec: {},
      status: { steps: "x" },
      metadata: { name: "p", labels: { a: "b" }, managedFields: [] },
    };
    expect(prepareForUpdate(policy, sent, stored, "status")).toEqual({
      ...stored,
      status: { steps: "x" },
      metadata: { ...stored.metadata, managedFields: [] },
    });
    expect(prepareForUpdate(policy, { ...stored, status: { steps: "x" } }, stored)).toEqual(stored);
  });

  test("of a pod's status cannot touch owners", () => {
    const owned = created(pod, { metadata: { ownerReferences: [{ uid: "u" }] }, spec: { containers: [] } });
    const next = prepareForUpdate(pod, { ...owned, metadata: {}, status: { phase: "Running" } }, owned, "status");
    expect(next.metadata["ownerReferences"]).toEqual(owned.metadata["ownerReferences"]);
    expect(next["status"]).toEqual({ phase: "Running" });
  });

  test("of a DaemonSet's template counts it", () => {
    const info = kind("apps/v1", "DaemonSet");
    const set = created(info, { spec: { template: { spec: { containers: [{ name: "c", image: "a" }] } } } });
    const annotation = "deprecated.daemonset.template.generation";
    const same = prepareForUpdate(info, { ...set, metadata: { annotations: { [annotation]: "9" } } }, set);
    expect(same.metadata["annotations"]).toEqual({ [annotation]: "1" });
    const other = prepareForUpdate(info, { ...set, spec: { ...spec(set), template: {} } }, set);
    expect(other.metadata).toMatchObject({ annotations: { [annotation]: "2" }, generation: 2 });
  });
});

describe("a Service that changes its type", () => {
  const nodePort = made(service, {
    spec: {
      type: "NodePort",
      clusterIP: "10.0.0.1",
      clusterIPs: ["10.0.0.1"],
      ports: [{ port: 80, nodePort: 30_000 }],
    },
  });
  const change = (spec: JsonObject): JsonObject =>
    prepareForUpdate(service, { ...nodePort, spec: { ...(nodePort["spec"] as JsonObject), ...spec } }, nodePort)[
      "spec"
    ] as JsonObject;

  test("loses what it has no use for", () => {
    const clusterIp = change({ type: "ClusterIP" });
    expect(JSON.stringify(clusterIp)).not.toMatch(/nodePort|externalTrafficPolicy/);
    expect(clusterIp["clusterIP"]).toBe("10.0.0.1");
    expect(change({ type: "ExternalName" })).not.toHaveProperty("clusterIP");
  });

  test("keeps what its author asks for, to be told that it cannot be", () => {
    const ports = [{ port: 80, nodePort: 30_001 }];
    expect(change({ type: "ClusterIP", ports })["ports"]).toEqual(ports);
    expect(change({ type: "ExternalName", clusterIP: "10.0.0.2" })["clusterIP"]).toBe("10.0.0.2");
  });
});

describe("quality of service", () => {
  const container = (requests: JsonObject, limits: JsonObject): JsonObject => ({
    name: "c",
    resources: { requests, limits },
  });
  const full = { cpu: "1", memory: "1Gi" };
  test.each<[string, JsonObject, string]>([
    ["nothing said", { containers: [{ name: "c" }] }, "BestEffort"],
    ["only other resources", { containers: [container({ "example.com/x": "1" }, {})] }, "BestEffort"],
    ["requests of nothing", { containers: [container({ cpu: "0" }, {})] }, "BestEffort"],
    ["limits equal requests", { containers: [container(full, { cpu: "1000m", memory: "1024Mi" })] }, "Guaranteed"],
    ["one container of two is open", { containers: [container(full, full), { name: "d" }] }, "Burstable"],
    ["requests below limits", { containers: [container({ cpu: "500m", memory: "1Gi" }, full)] }, "Burstable"],
    ["memory is not limited", { containers: [container({ cpu: "1" }, { cpu: "1" })] }, "Burstable"],
    [
      "an init container is open",
      { containers: [container(full, full)], initContainers: [{ name: "i" }] },
      "Burstable",
    ],
    ["the pod as a whole", { containers: [{ name: "c" }], resources: { requests: full, limits: full } }, "Guaranteed"],
  ])("%s", (_, spec, expected) => {
    expect(qosClass(spec)).toBe(expected);
  });
});

test("a PUT creates, or needs a version, by kind", () => {
  expect(updateRules(deployment)).toEqual({ allowCreate: false, allowUnconditional: true });
  expect(updateRules(kind("coordination.k8s.io/v1", "Lease"))).toEqual({
    allowCreate: true,
    allowUnconditional: false,
  });
  expect(updateRules(policy)).toEqual({ allowCreate: false, allowUnconditional: false });
});
