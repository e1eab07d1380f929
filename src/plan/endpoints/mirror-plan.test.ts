import fc from "fast-check";
import { expect, test } from "vitest";
import { service, slice } from "../../../test/support/fixtures/services.ts";
import { at, meta } from "../../../test/support/fixtures/workloads.ts";
import type { Endpoints, EndpointSubset, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { StoredMeta } from "../../api/object.ts";
import { MIRROR_MANAGER, type MirrorView, planMirror } from "./mirror-plan.ts";

const handMade = service({ selector: {} });
const ports = [{ name: "http", port: 80, protocol: "TCP" as const }];
const addresses = (...ips: readonly string[]) => ips.map((ip) => ({ ip }));

function endpoints(subsets: readonly EndpointSubset[], metadata: Partial<StoredMeta> = {}): Endpoints {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: meta("shop", { uid: "uid-endpoints", ...metadata }),
    subsets,
  };
}

function settled(view: Omit<MirrorView, "slices">, slices: readonly EndpointSlice[] = []): readonly EndpointSlice[] {
  const left = new Map(slices.map((each) => [each.metadata.name, each]));
  let made = 0;
  for (const action of planMirror({ ...view, slices })) {
    if (action.kind === "deleteSlice") left.delete(action.slice.metadata.name);
    else if (action.kind === "updateSlice") left.set(action.object.metadata.name, action.object);
    else if (action.kind === "createSlice") {
      while (left.has(`new-${made}`)) made++;
      const name = `new-${made}`;
      left.set(name, { ...slice(name, []), ...action.object, metadata: { ...meta(name), ...action.object.metadata } });
    }
  }
  return [...left.values()];
}

const brief = (slices: readonly EndpointSlice[]): readonly string[] =>
  slices.map(({ addressType, ports, endpoints }) => {
    const of = (endpoints ?? []).map(({ addresses, conditions }) => `${addresses[0]}${conditions?.ready ? "" : "!"}`);
    return `${addressType} ${(ports ?? []).map(({ port }) => port).join("+")}: ${of.join(" ")}`;
  });

const plain = endpoints([{ addresses: addresses("192.0.2.1"), ports }]);

test.each<[string, Endpoints | undefined, Service | undefined, readonly string[]]>([
  ["addresses of a Service without a selector", plain, handMade, ["IPv4 80: 192.0.2.1"]],
  [
    "ready and other addresses",
    endpoints([{ addresses: addresses("192.0.2.1"), notReadyAddresses: addresses("192.0.2.2"), ports }]),
    handMade,
    ["IPv4 80: 192.0.2.1 192.0.2.2!"],
  ],
  [
    "each family has slices of its own",
    endpoints([{ addresses: addresses("192.0.2.1", "2001:db8::1"), ports }]),
    handMade,
    ["IPv4 80: 192.0.2.1", "IPv6 80: 2001:db8::1"],
  ],
  [
    "so have subsets with other ports",
    endpoints([
      { addresses: addresses("192.0.2.1"), ports },
      { addresses: addresses("192.0.2.1"), ports: [{ port: 81 }] },
    ]),
    handMade,
    ["IPv4 80: 192.0.2.1", "IPv4 81: 192.0.2.1"],
  ],
  ["no addresses", endpoints([]), handMade, []],
  ["no Service", plain, undefined, []],
  ["no Endpoints", undefined, handMade, []],
  ["a Service that selects pods", plain, service(), []],
  ["a Service that is being deleted", plain, service({ selector: {} }, { deletionTimestamp: at(1) }), []],
  [
    "a label that says no",
    endpoints([{ addresses: addresses("192.0.2.1"), ports }], {
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    }),
    handMade,
    [],
  ],
  [
    "the lock of a leader",
    endpoints([], { annotations: { "control-plane.alpha.kubernetes.io/leader": "{}" } }),
    handMade,
    [],
  ],
])("%s", (_, of, owner, expected) => {
  const made = settled({ endpoints: of, service: owner });
  expect(brief(made)).toEqual(expected);
  expect(planMirror({ endpoints: of, service: owner, slices: made })).toEqual([]);
});

test("a slice carries labels and annotations of the Endpoints and belongs to them", () => {
  const annotations = {
    note: "x",
    "endpoints.kubernetes.io/last-change-trigger-time": at(1),
    "kubectl.kubernetes.io/last-applied-configuration": "{}",
  };
  const target = { kind: "Pod", namespace: "default", name: "p", uid: "u" };
  const subsets = [{ addresses: [{ ip: "192.0.2.1", hostname: "h", nodeName: "n", targetRef: target }], ports }];
  const of = endpoints(subsets, { labels: { team: "food" }, annotations });
  const [made] = settled({ endpoints: of, service: handMade });
  expect(made?.metadata).toMatchObject({
    generateName: "shop-",
    labels: {
      team: "food",
      "kubernetes.io/service-name": "shop",
      "endpointslice.kubernetes.io/managed-by": MIRROR_MANAGER,
    },
    annotations: { note: "x" },
    ownerReferences: [{ kind: "Endpoints", name: "shop", uid: "uid-endpoints", controller: true }],
  });
  expect(made?.metadata.annotations).toEqual({ note: "x" });
  expect(made?.endpoints).toEqual([
    { addresses: ["192.0.2.1"], conditions: { ready: true }, hostname: "h", nodeName: "n", targetRef: target },
  ]);
  const relabelled = endpoints(subsets, { labels: { team: "food" }, annotations: { note: "y" } });
  expect(planMirror({ endpoints: relabelled, service: handMade, slices: [made!] })).toMatchObject([
    { kind: "updateSlice", object: { metadata: { name: "new-0", annotations: { note: "y" } } } },
  ]);
});

test("slices go when nothing is to be mirrored any more", () => {
  const made = settled({ endpoints: plain, service: handMade });
  expect(planMirror({ endpoints: plain, service: service(), slices: made })).toMatchObject([{ kind: "deleteSlice" }]);
});

test("takes 1,000 addresses of a subset and says how many are left out", () => {
  const many = Array.from({ length: 1003 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const of = endpoints([
    { notReadyAddresses: addresses(...many.slice(3)), addresses: addresses(...many.slice(0, 3)), ports },
  ]);
  const actions = planMirror({ endpoints: of, service: handMade, slices: [] });
  expect(actions.at(-1)).toMatchObject({
    reason: "TooManyAddressesToMirror",
    message: "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 3 addresses were skipped",
  });
  expect(actions).toHaveLength(11);
});

const address = fc.nat(300).map((n) => `10.0.${n >> 8}.${n & 255}`);
const subset = fc.record({
  addresses: fc.uniqueArray(address, { maxLength: 250 }),
  ports: fc.constantFrom(ports, [{ port: 81 }], undefined),
});

test("whatever is written, each address is mirrored once under its ports, and a second pass does nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.array(subset, { maxLength: 3 }), { maxLength: 4 }), (rounds) => {
      let slices: readonly EndpointSlice[] = [];
      for (const round of rounds) {
        const of = endpoints(
          round.map(({ addresses: ips, ports }) => ({ addresses: addresses(...ips), ...(ports && { ports }) })),
        );
        slices = settled({ endpoints: of, service: handMade }, slices);
        expect(planMirror({ endpoints: of, service: handMade, slices })).toEqual([]);
        const portOf = (list: readonly { port?: number }[] | undefined): number => list?.[0]?.port ?? 0;
        const wanted = round.flatMap(({ addresses, ports }) => addresses.map((ip) => `${ip}:${portOf(ports)}`));
        const got = slices.flatMap(({ endpoints = [], ports }) =>
          endpoints.map(({ addresses }) => `${addresses[0]}:${portOf(ports)}`),
        );
        expect(got.toSorted()).toEqual([...new Set(wanted)].toSorted());
      }
    }),
    { numRuns: 40 },
  );
});
