import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { droppedFields } from "./dropped-fields.ts";

const pod = (spec: JsonObject): JsonObject => ({ spec });
const projected = (source: JsonObject): JsonObject =>
  pod({ volumes: [{ name: "v", projected: { sources: [{ secret: { name: "s" } }, source] } }] });

describe("what Kubernetes takes and does not keep", () => {
  test.each<[sentence: string, kind: string, object: JsonObject, expected: JsonObject]>([
    ["nothing of most kinds", "/ConfigMap", { data: { a: "b" } }, {}],
    ["the scheduling group of a pod", "/Pod", pod({ schedulingGroup: {}, hostname: "h" }), { spec: { hostname: "h" } }],
    ["its projected trust bundles", "/Pod", projected({ clusterTrustBundle: { path: "p" } }), projected({})],
    ["its projected certificates", "/Pod", projected({ podCertificate: { keyType: "x" } }), projected({})],
    [
      "the stop signals of its containers, with a lifecycle that says nothing else",
      "/Pod",
      pod({
        containers: [
          { name: "a", lifecycle: { stopSignal: "SIGINT" } },
          { name: "b", lifecycle: { stopSignal: "SIGINT", preStop: {} } },
        ],
      }),
      pod({ containers: [{ name: "a" }, { name: "b", lifecycle: { preStop: {} } }] }),
    ],
    [
      "the same in a template",
      "apps/Deployment",
      { spec: { replicas: 1, template: { metadata: {}, spec: { schedulingGroup: {} } } } },
      { spec: { replicas: 1, template: { metadata: {}, spec: {} } } },
    ],
    [
      "and in a template of Jobs",
      "batch/CronJob",
      { spec: { jobTemplate: { spec: { template: { spec: { schedulingGroup: {} } } } } } },
      { spec: { jobTemplate: { spec: { template: { spec: {} } } } } },
    ],
    [
      "all of a service account's secrets but their names",
      "/ServiceAccount",
      { secrets: [{ name: "a", namespace: "n", uid: "u" }, { kind: "x" }] },
      { secrets: [{ name: "a" }, {}] },
    ],
    [
      "the strategy of a Lease",
      "coordination.k8s.io/Lease",
      { spec: { strategy: "x", preferredHolder: "y", holderIdentity: "z" } },
      { spec: { holderIdentity: "z" } },
    ],
    [
      "the topology of an endpoint",
      "discovery.k8s.io/EndpointSlice",
      { endpoints: [{ addresses: ["a"], deprecatedTopology: {} }] },
      { endpoints: [{ addresses: ["a"] }] },
    ],
    [
      "where a node's configuration is",
      "/Node",
      { spec: { configSource: {} }, status: { config: {}, phase: "x" } },
      { spec: {}, status: { phase: "x" } },
    ],
    [
      "a claim's source in another namespace",
      "/PersistentVolumeClaim",
      { spec: { volumeMode: "Block", dataSourceRef: { name: "x", namespace: "n" } } },
      { spec: { volumeMode: "Block" } },
    ],
  ])("is %s", (_, kind, object, expected) => {
    expect(droppedFields(kind, object, undefined)).toEqual(expected);
  });

  test.each<[kind: string, object: JsonObject]>([
    ["/Pod", pod({ schedulingGroup: {} })],
    ["/Pod", projected({ podCertificate: {} })],
    ["/Pod", pod({ containers: [{ name: "a", lifecycle: { stopSignal: "SIGINT" } }] })],
    ["coordination.k8s.io/Lease", { spec: { strategy: "x" } }],
    ["/PersistentVolumeClaim", { spec: { dataSourceRef: { namespace: "n" } } }],
    ["discovery.k8s.io/EndpointSlice", { endpoints: [{ deprecatedTopology: {} }] }],
  ])("stays in a %s that has it: %o", (kind, object) => {
    expect({ ...object, ...droppedFields(kind, object, object) }).toEqual(object);
  });
});
