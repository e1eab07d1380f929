import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CONTROLLERS } from "../../src/apiserver/auth/engine-users.ts";
import type { Pod } from "../../src/api/generated/core-v1.ts";
import type { EndpointSlice } from "../../src/api/generated/discovery-v1.ts";
import { endpointslices, meshworkers } from "../../src/api/generated/resources.ts";
import type { MeshWorker } from "../../src/api/generated/sluice-dev.ts";
import { formatMicroTimestamp } from "../../src/lib/timestamp.ts";
import { isReady, machineIsolation, NodeWorld } from "../support/node-world.ts";

const isolation = await machineIsolation();
let world: NodeWorld;
beforeAll(async () => {
  world = await NodeWorld.start(isolation);
  await world.build("busy:1", { Dockerfile: 'FROM scratch\nCMD ["sleep", "3600"]' });
  await world.client.create(meshworkers, {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "MeshWorker",
    metadata: { name: "mesh-1" },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

/** What the worker reports; its lease is good for `seconds`. */
const report = (status: NonNullable<MeshWorker["status"]>, seconds = 60) =>
  world.client.patch(
    meshworkers,
    "mesh-1",
    undefined,
    {
      type: "merge",
      body: { status: { ...status, renewTime: formatMicroTimestamp(Date.now()), leaseSeconds: seconds } },
    },
    { subresource: "status" },
  );

const endpoints = (pod: Pod, ready: boolean): EndpointSlice["endpoints"] => [
  {
    addresses: [pod.status!.podIP!],
    conditions: { ready, serving: true, terminating: !ready },
    targetRef: { kind: "Pod", name: pod.metadata.name, namespace: "default", uid: pod.metadata.uid },
  },
];

const isSignalled = (mark: string): boolean =>
  !readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });

describe("a pod that is deleted while the mesh sends it requests", () => {
  let pod: Pod;
  let name: string;
  let mark: string;
  let count = 0;
  beforeEach(async () => {
    name = `drain-${count++}`;
    mark = `7${count}${process.pid}`;
    await world.run(name, [{ command: ["sleep", mark] }]);
    pod = (await world.until(name, isReady))!;
    const client = world.api.server.client(CONTROLLERS, "slices");
    await client.create(endpointslices, {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, namespace: "default" },
      addressType: "IPv4",
      endpoints: endpoints(pod, true) ?? [],
      ports: [],
    });
  });
  const shutOut = async (): Promise<string> => {
    const client = world.api.server.client(CONTROLLERS, "slices");
    const { metadata } = await client.patch(endpointslices, name, "default", {
      type: "merge",
      body: { endpoints: endpoints(pod, false) },
    });
    return metadata.resourceVersion;
  };

  test("gets the signal when every worker has let go of it", async () => {
    await report({ applied: { endpointslices: "0" } });
    await world.delete(name);
    const version = await shutOut();
    await world.until(name, (one) => one?.metadata.deletionTimestamp !== undefined);
    expect(isSignalled(mark)).toBe(false);
    await report({ applied: { endpointslices: version }, draining: [{ address: pod.status!.podIP!, requests: 1 }] });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isSignalled(mark)).toBe(false);
    await report({ applied: { endpointslices: version }, draining: [] });
    await world.until(name, (one) => one === undefined);
    expect(isSignalled(mark)).toBe(true);
  });

  test("does not wait for a worker that is dead", async () => {
    await report({ applied: { endpointslices: "0" } }, 1);
    await world.delete(name);
    await shutOut();
    await world.until(name, (one) => one === undefined);
  });

  test("goes after five seconds whatever the mesh says", async () => {
    await report({ applied: { endpointslices: "0" } });
    await world.delete(name);
    await world.until(name, (one) => one === undefined);
    expect(isSignalled(mark)).toBe(true);
  });
});
