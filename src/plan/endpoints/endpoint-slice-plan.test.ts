import fc from "fast-check";
import { expect, test } from "vitest";
import { service, slice } from "../../../test/support/fixtures/services.ts";
import { at, type PodChange, pod } from "../../../test/support/fixtures/workloads.ts";
import type { Pod, Service } from "../../api/generated/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { planEndpointSlices } from "./endpoint-slice-plan.ts";
import type { EndpointSliceAction } from "./slice-packing.ts";

const backend = (n: number, change: PodChange = {}): Pod =>
  pod(`p${n}`, { ...change, status: { podIP: `10.0.${n >> 8}.${n & 255}`, ...change.status } });

function plan(pods: readonly Pod[], slices: readonly EndpointSlice[] = [], of: Service = service()) {
  return planEndpointSlices({ service: of, pods, slices, zones: { "node-0": "z1" }, triggerTime: at(7) });
}

/** What the slices are once the actions have been done. */
function apply(slices: readonly EndpointSlice[], actions: readonly EndpointSliceAction[]): readonly EndpointSlice[] {
  let names = slices.length;
  const left = new Map(slices.map((slice) => [slice.metadata.name, slice]));
  for (const action of actions) {
    if (action.kind === "deleteSlice") left.delete(action.slice.metadata.name);
    else if (action.kind === "updateSlice") left.set(action.object.metadata.name, action.object);
    else {
      const name = `new-${names++}`;
      left.set(name, {
        ...slice(name, undefined),
        ...action.object,
        metadata: { ...slice(name, []).metadata, ...action.object.metadata },
      });
    }
  }
  return [...left.values()];
}

const settled = (
  pods: readonly Pod[],
  slices: readonly EndpointSlice[] = [],
  of: Service = service(),
): readonly EndpointSlice[] => apply(slices, plan(pods, slices, of));

/** Endpoints in short: `p1 ready`, `p2 serving terminating`. */
const brief = (slices: readonly EndpointSlice[]): readonly string[] =>
  slices.flatMap(({ endpoints }) =>
    (endpoints ?? []).map(({ targetRef, conditions }) =>
      [
        targetRef?.name,
        ...Object.entries(conditions ?? {}).flatMap(([name, value]) => (value === true ? [name] : [])),
      ].join(" "),
    ),
  );

const leaving: PodChange = { metadata: { deletionTimestamp: at(9) } };

test.each<[string, readonly Pod[], Partial<Service["spec"]>, readonly string[]]>([
  ["a ready pod", [backend(1)], {}, ["p1 ready serving"]],
  ["a pod that is not ready", [backend(1, { ready: false })], {}, ["p1"]],
  ["a ready pod that is being deleted", [backend(1, leaving)], {}, ["p1 serving terminating"]],
  ["a pod without an address", [backend(1, { status: { podIP: "" } })], {}, []],
  ["a pod that has ended", [backend(1, { status: { phase: "Succeeded" } })], {}, []],
  [
    "publishNotReadyAddresses",
    [backend(1, { ready: false }), backend(2, leaving)],
    { publishNotReadyAddresses: true },
    ["p1 ready", "p2 ready serving terminating"],
  ],
])("%s", (_, pods, spec, endpoints) => {
  expect(brief(settled(pods, [], service(spec)))).toEqual(endpoints);
});

test("a new slice", () => {
  const of = service({}, { labels: { app: "shop", "service.kubernetes.io/headless": "" }, creationTimestamp: at(3) });
  expect(plan([backend(1)], [], of)).toEqual([
    {
      kind: "createSlice",
      object: {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          generateName: "shop-",
          namespace: "default",
          labels: {
            app: "shop",
            "kubernetes.io/service-name": "shop",
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
          },
          annotations: { "endpoints.kubernetes.io/last-change-trigger-time": at(7) },
          ownerReferences: [
            {
              apiVersion: "v1",
              kind: "Service",
              name: "shop",
              uid: "uid-service",
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        addressType: "IPv4",
        endpoints: [
          {
            addresses: ["10.0.0.1"],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: "Pod", namespace: "default", name: "p1", uid: "uid-p1" },
            nodeName: "node-0",
            zone: "z1",
          },
        ],
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      },
      why: "no slice has room for these endpoints",
    },
  ]);
});

const ports = (of: Service, change: PodChange = {}): unknown => settled([backend(1, change)], [], of)[0]?.ports;
const named = { containers: [{ name: "main", ports: [{ name: "web", containerPort: 9090 }] }] };

test.each<[string, Service, PodChange, unknown]>([
  ["a number", service(), {}, [{ name: "http", port: 8080, protocol: "TCP" }]],
  [
    "the port itself, without targetPort",
    service({ ports: [{ port: 80 }] }),
    {},
    [{ name: "", port: 80, protocol: "TCP" }],
  ],
  [
    "a name",
    service({ ports: [{ port: 80, targetPort: "web", appProtocol: "h2c" }] }),
    { spec: named },
    [{ name: "", port: 9090, protocol: "TCP", appProtocol: "h2c" }],
  ],
  ["a name that the pod does not have", service({ ports: [{ port: 80, targetPort: "web" }] }), {}, []],
  [
    "a name under another protocol",
    service({ ports: [{ port: 80, targetPort: "web", protocol: "UDP" }] }),
    { spec: named },
    [],
  ],
  [
    "a name in a sidecar",
    service({ ports: [{ port: 80, targetPort: "web" }] }),
    { spec: { initContainers: [{ ...named.containers[0]!, restartPolicy: "Always" }] } },
    [{ name: "", port: 9090, protocol: "TCP" }],
  ],
])("target port: %s", (_, of, change, expected) => {
  expect(ports(of, change)).toEqual(expected);
});

test("pods whose named port differs get slices of their own", () => {
  const of = service({ ports: [{ name: "http", port: 80, targetPort: "web" }] });
  const other = { containers: [{ name: "main", ports: [{ name: "web", containerPort: 9091 }] }] };
  const slices = settled(
    [backend(1, { spec: named }), backend(2, { spec: other }), backend(3, { spec: named })],
    [],
    of,
  );
  expect(slices.map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints?.length])).toEqual([
    [9090, 2],
    [9091, 1],
  ]);
});

test("a headless Service is labelled, its pods have host names under it", () => {
  const of = service({ clusterIP: "None", ports: [] });
  const [only] = settled(
    [
      backend(1, { spec: { hostname: "h", subdomain: "shop" } }),
      backend(2, { spec: { hostname: "h", subdomain: "x" } }),
    ],
    [],
    of,
  );
  expect(only?.metadata.labels).toMatchObject({ "service.kubernetes.io/headless": "" });
  expect(only?.endpoints?.map(({ hostname }) => hostname)).toEqual(["h", undefined]);
  expect(only?.ports).toEqual([]);
});

test("addresses of each family get slices of their own", () => {
  const of = service({ ipFamilies: ["IPv6", "IPv4"] });
  const both = backend(1, { status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] } });
  expect(settled([both], [], of).map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses])).toEqual(
    [
      ["IPv6", ["fd00::1"]],
      ["IPv4", ["10.0.0.1"]],
    ],
  );
});

test("without endpoints one empty slice is left, under the name of an older one", () => {
  const [only] = settled([], settled([backend(1)]));
  expect(only).toMatchObject({ metadata: { name: "new-0" }, endpoints: [], ports: [] });
  expect(plan([], [only!])).toEqual([]);
  expect(brief(settled([backend(1)], [only!]))).toEqual(["p1 ready serving"]);
});

test.each<[string, Service]>([
  ["without a selector", service({ selector: {} })],
  ["that is an alias", service({ type: "ExternalName" })],
  ["that is being deleted", service({}, { deletionTimestamp: at(1) })],
])("a Service %s is left alone", (_, of) => {
  expect(plan([backend(1)], [slice("other", [])], of)).toEqual([]);
});

test("a change touches only the slice that it is in", () => {
  const pods = Array.from({ length: 250 }, (_, i) => backend(i));
  const slices = settled(pods);
  expect(slices.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 50]);
  const changed = pods.map((p, i) => (i === 120 ? backend(120, { ready: false }) : p));
  expect(plan(changed, slices)).toMatchObject([{ kind: "updateSlice", object: { metadata: { name: "new-1" } } }]);
});

test("a new endpoint goes into the slice that changes anyway", () => {
  const pods = Array.from({ length: 150 }, (_, i) => backend(i));
  const slices = settled(pods);
  const replaced = [...pods.slice(1), backend(200)];
  expect(plan(replaced, slices)).toMatchObject([{ kind: "updateSlice", object: { metadata: { name: "new-0" } } }]);
});

test("changed labels of the Service are carried over", () => {
  const slices = settled([backend(1)]);
  expect(plan([backend(1)], slices, service({}, { labels: { team: "food" } }))).toMatchObject([
    { kind: "updateSlice", object: { metadata: { labels: { team: "food" } } } },
  ]);
});

test("a change without a time of its own takes the noted one away", () => {
  const slices = settled([backend(1)]);
  const [action] = planEndpointSlices({ service: service(), pods: [], slices, zones: {} });
  expect(action).toMatchObject({ kind: "updateSlice", object: { metadata: { annotations: {} } } });
  expect(slices[0]?.metadata.annotations).toEqual({ "endpoints.kubernetes.io/last-change-trigger-time": at(7) });
});

const far = backend(2, { spec: { nodeName: "node-far" } });

test.each<[string, string | undefined, readonly Pod[], readonly unknown[]]>([
  ["no preference", undefined, [backend(1)], [undefined]],
  ["a zone", "PreferSameZone", [backend(1)], [{ forZones: [{ name: "z1" }] }]],
  ["a zone, in its older words", "PreferClose", [backend(1)], [{ forZones: [{ name: "z1" }] }]],
  ["a node", "PreferSameNode", [backend(1)], [{ forZones: [{ name: "z1" }], forNodes: [{ name: "node-0" }] }]],
  ["a zone that is not known", "PreferClose", [far], [undefined]],
  ["a node without a zone", "PreferSameNode", [far], [{ forNodes: [{ name: "node-far" }] }]],
  [
    "pods that take no requests",
    "PreferSameNode",
    [backend(1, { ready: false }), backend(3, leaving)],
    [undefined, undefined],
  ],
])("hints: %s", (_, trafficDistribution, pods, hints) => {
  const of = service({ ...(trafficDistribution && { trafficDistribution }) });
  expect(settled(pods, [], of).flatMap(({ endpoints = [] }) => endpoints.map((endpoint) => endpoint.hints))).toEqual(
    hints,
  );
});

const change = fc.record({ pod: fc.nat(220), what: fc.constantFrom("gone", "ready", "unready", "leaving", "port") });

test("whatever changes, every pod is in one slice, none is too full, and a second pass does nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { size: "max", maxLength: 150 }), { maxLength: 6 }), (rounds) => {
      const of = service({ ports: [{ name: "http", port: 80, targetPort: "web" }] });
      const states = new Map<number, string>();
      let slices: readonly EndpointSlice[] = [];
      for (const round of rounds) {
        for (const { pod, what } of round) states.set(pod, what);
        const pods = [...states].flatMap(([n, what]) => (what === "gone" ? [] : [variant(n, what)]));
        slices = settled(pods, slices, of);
        expect(plan(pods, slices, of)).toEqual([]);
        const endpoints = slices.flatMap(({ endpoints = [] }) => endpoints as Endpoint[]);
        expect(new Set(endpoints.map(({ targetRef }) => targetRef?.name))).toEqual(
          new Set(pods.map(({ metadata }) => metadata.name)),
        );
        expect(endpoints).toHaveLength(pods.length);
        for (const { endpoints = [] } of slices) expect(endpoints.length).toBeLessThanOrEqual(100);
      }
    }),
    { numRuns: 30 },
  );
});

function variant(n: number, what: string): Pod {
  const containerPort = what === "port" ? 9091 : 9090;
  const spec = { containers: [{ name: "main", ports: [{ name: "web", containerPort }] }] };
  return backend(n, { spec, ready: what !== "unready", ...(what === "leaving" && leaving) });
}
