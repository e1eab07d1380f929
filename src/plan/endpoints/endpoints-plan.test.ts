import { expect, test } from "vitest";
import { service } from "../../../test/support/fixtures/services.ts";
import { at, meta, type PodChange, pod } from "../../../test/support/fixtures/workloads.ts";
import type { Endpoints, EndpointSubset, Pod, Service } from "../../api/generated/core-v1.ts";
import { planEndpoints } from "./endpoints-plan.ts";

const backend = (n: number, change: PodChange = {}): Pod =>
  pod(`p${n}`, { ...change, status: { podIP: `10.0.${n >> 8}.${n & 255}`, ...change.status } });

const entry = (n: number) => ({
  ip: `10.0.0.${n}`,
  nodeName: "node-0",
  targetRef: { kind: "Pod", namespace: "default", name: `p${n}`, uid: `uid-p${n}` },
});
const http = [{ name: "http", port: 8080, protocol: "TCP" as const }];

function created(pods: readonly Pod[], of: Service = service()): Endpoints {
  const [action] = planEndpoints({ service: of, pods, triggerTime: at(4) });
  if (action?.kind !== "createEndpoints") throw new Error("nothing is created");
  return { ...action.object, metadata: { ...meta("shop"), ...action.object.metadata } };
}

test.each<[string, readonly Pod[], Service, readonly EndpointSubset[] | undefined]>([
  [
    "ready pods, sorted by address",
    [backend(2), backend(1)],
    service(),
    [{ addresses: [entry(1), entry(2)], ports: http }],
  ],
  [
    "a pod that is not ready",
    [backend(1), backend(2, { ready: false })],
    service(),
    [{ addresses: [entry(1)], notReadyAddresses: [entry(2)], ports: http }],
  ],
  [
    "a pod that is being deleted is left out",
    [backend(1, { metadata: { deletionTimestamp: at(1) } })],
    service(),
    undefined,
  ],
  ["no pods", [], service(), undefined],
  [
    "publishNotReadyAddresses",
    [backend(1, { ready: false })],
    service({ publishNotReadyAddresses: true }),
    [{ addresses: [entry(1)], ports: http }],
  ],
  [
    "a headless Service without ports",
    [backend(1)],
    service({ clusterIP: "None", ports: [] }),
    [{ addresses: [entry(1)] }],
  ],
  [
    "an unnamed port",
    [backend(1)],
    service({ ports: [{ port: 80 }] }),
    [{ addresses: [entry(1)], ports: [{ port: 80, protocol: "TCP" }] }],
  ],
  [
    "ports with the same addresses share a subset",
    [backend(1)],
    service({
      ports: [
        { name: "a", port: 1 },
        { name: "b", port: 2 },
      ],
    }),
    [
      {
        addresses: [entry(1)],
        ports: [
          { name: "a", port: 1, protocol: "TCP" },
          { name: "b", port: 2, protocol: "TCP" },
        ],
      },
    ],
  ],
  [
    "ports with other addresses have their own",
    [
      backend(1, { spec: { containers: [{ name: "main", ports: [{ name: "web", containerPort: 9090 }] }] } }),
      backend(2),
    ],
    service({
      ports: [
        { name: "a", port: 1 },
        { name: "b", port: 2, targetPort: "web" },
      ],
    }),
    [
      { addresses: [entry(1), entry(2)], ports: [{ name: "a", port: 1, protocol: "TCP" }] },
      { addresses: [entry(1)], ports: [{ name: "b", port: 9090, protocol: "TCP" }] },
    ],
  ],
])("%s", (_, pods, of, subsets) => {
  expect(created(pods, of).subsets).toEqual(subsets);
});

test("is labelled like the Service, and says who manages it", () => {
  const { labels, annotations } = created(
    [backend(1)],
    service({ clusterIP: "None" }, { labels: { team: "food" } }),
  ).metadata;
  expect(labels).toEqual({
    team: "food",
    "service.kubernetes.io/headless": "",
    "endpoints.kubernetes.io/managed-by": "endpoint-controller",
  });
  expect(annotations).toEqual({ "endpoints.kubernetes.io/last-change-trigger-time": at(4) });
});

test("a second pass does nothing; a change is written with the version that was seen", () => {
  const endpoints = created([backend(1)]);
  expect(planEndpoints({ service: service(), pods: [backend(1)], endpoints })).toEqual([]);
  const [action] = planEndpoints({ service: service(), pods: [], endpoints });
  expect(action).toMatchObject({
    kind: "updateEndpoints",
    object: { metadata: { name: "shop", resourceVersion: "1" } },
  });
  expect(action?.object.subsets).toBeUndefined();
  expect(action?.object.metadata.annotations).toEqual({});
});

test("keeps 1,000 addresses, ready ones first, and says so", () => {
  const pods = Array.from({ length: 1100 }, (_, i) => backend(i, { ready: i >= 200 }));
  const endpoints = created(pods);
  expect(endpoints.subsets?.[0]?.addresses).toHaveLength(900);
  expect(endpoints.subsets?.[0]?.notReadyAddresses).toHaveLength(100);
  expect(endpoints.metadata.annotations).toMatchObject({ "endpoints.kubernetes.io/over-capacity": "truncated" });
  const [less] = planEndpoints({ service: service(), pods: pods.slice(0, 10), endpoints });
  expect(less?.object.metadata.annotations).not.toHaveProperty("endpoints.kubernetes.io/over-capacity");
});

test.each<[string, Service]>([
  ["without a selector", service({ selector: {} })],
  ["that is an alias", service({ type: "ExternalName" })],
])("a Service %s gets none", (_, of) => {
  expect(planEndpoints({ service: of, pods: [backend(1)] })).toEqual([]);
});
