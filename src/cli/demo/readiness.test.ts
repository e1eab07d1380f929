import { expect, test } from "vitest";
import type { Pod } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { Floor, readyAddresses, readyPods } from "./readiness.ts";

const pod = (ready: boolean, change: object = {}): Pod =>
  ({
    metadata: { name: "p", labels: { app: "web" }, ...change },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  }) as unknown as Pod;

test("a pod counts while it is ready and nobody takes it away", () => {
  const pods = [
    pod(true),
    pod(false),
    pod(true, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    pod(true, { labels: { app: "other" } }),
  ];
  expect(readyPods(pods, { app: "web" })).toEqual([pods[0]]);
});

test("an address counts while it gets the Service's traffic, once", () => {
  const slice = (service: string, ...endpoints: readonly object[]): EndpointSlice =>
    ({ metadata: { labels: { "kubernetes.io/service-name": service } }, endpoints }) as unknown as EndpointSlice;
  const slices = [
    slice("web", { addresses: ["a"] }, { addresses: ["b"], conditions: { ready: true } }),
    slice("web", { addresses: ["c"], conditions: { ready: false } }, { addresses: ["a"], conditions: { ready: true } }),
    slice("web", { addresses: ["d"], conditions: { ready: true, terminating: true } }),
    slice("other", { addresses: ["e"] }),
  ];
  expect([...readyAddresses(slices, "web")]).toEqual(["a", "b"]);
});

test("a floor keeps the lowest that it has seen", () => {
  let level = 3;
  const floor = new Floor(() => level);
  for (level of [5, 2, 4]) floor.look();
  expect(floor.lowest).toBe(2);
});
