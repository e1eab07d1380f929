import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { Lease } from "../../api/generated/coordination-v1.ts";
import type { Node } from "../../api/generated/core-v1.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { silentLogger } from "../../observe/logger.ts";
import { ImageStore } from "../images/image-store.ts";
import { NodeRegistration } from "./node-registration.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sluice-registration-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Keeps a node and a lease as an API server would. */
function start() {
  const clock = new FakeClock();
  const objects = new Map<string, Node | Lease>();
  const writes: string[] = [];
  const merge = (a: unknown, b: unknown): unknown =>
    typeof a === "object" && typeof b === "object" && a && b && !Array.isArray(b)
      ? Object.fromEntries(
          [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [
            key,
            key in b ? merge((a as never)[key], (b as never)[key]) : (a as never)[key],
          ]),
        )
      : b;
  const find = (plural: string): Node | Lease => {
    const object = objects.get(plural);
    if (!object) throw new StatusError("NotFound", "no");
    return object;
  };
  const client = {
    get: async ({ plural }: { plural: string }) => find(plural),
    create: async ({ plural }: { plural: string }, object: Node) => {
      if (objects.has(plural)) throw new StatusError("AlreadyExists", "yes");
      writes.push(`create ${plural}`);
      objects.set(plural, { ...object, metadata: { ...object.metadata, uid: "u" } });
    },
    patch: async (
      { plural }: { plural: string },
      _: string,
      __: string,
      { body }: { body: object },
      options?: { subresource?: string },
    ) => {
      const next = merge(find(plural), body) as Node;
      writes.push(`patch ${plural}${options?.subresource ? `/${options.subresource}` : ""}`);
      objects.set(plural, next);
      return next;
    },
  } as unknown as ApiClient;
  const images = new ImageStore(join(home, "images"));
  const registration = new NodeRegistration({
    client,
    config: { nodeName: "here", hostIP: "127.0.0.1", home, version: "1" },
    images,
    capacity: { cpu: "2" },
    clock,
    log: silentLogger,
  });
  const node = () => objects.get("nodes") as Node;
  return { clock, objects, writes, images, registration, node };
}

test("a node appears with everything that is known of it, and a lease of its own", async () => {
  const { registration, node, objects } = start();
  await registration.start(10250);
  expect(node()).toMatchObject({
    metadata: { name: "here", labels: { "kubernetes.io/hostname": "here", "kubernetes.io/os": "linux" } },
    status: {
      capacity: { cpu: "2" },
      addresses: [
        { type: "InternalIP", address: "127.0.0.1" },
        { type: "Hostname", address: "here" },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        operatingSystem: "linux",
        kubeletVersion: "v1.36.3+sluice.1",
        containerRuntimeVersion: "process://1",
      },
    },
  });
  expect(node().status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "True",
    reason: "KubeletReady",
  });
  expect(objects.get("leases")).toMatchObject({
    metadata: { name: "here", namespace: "kube-node-lease", ownerReferences: [{ kind: "Node", uid: "u" }] },
    spec: { holderIdentity: "here", leaseDurationSeconds: 40, renewTime: "2026-01-01T00:00:00.000000Z" },
  });
  await registration[Symbol.asyncDispose]();
});

test("the lease is renewed every ten seconds, the status written every five minutes or when it changes", async () => {
  const { registration, clock, writes, objects } = start();
  await registration.start(1);
  writes.length = 0;
  await clock.advance(30_000);
  expect(writes).toEqual(["patch leases", "patch leases", "patch leases"]);
  expect((objects.get("leases") as Lease).spec.renewTime).toBe("2026-01-01T00:00:30.000000Z");
  await clock.advance(270_000);
  expect(writes.filter((write) => write === "patch nodes/status")).toHaveLength(1);
  await registration[Symbol.asyncDispose]();
  expect(clock.pending).toBe(0);
});

test("new images are on the list when it is refreshed", async () => {
  const { registration, clock, images, node } = start();
  await registration.start(1);
  writeFileSync(join(home, "Dockerfile"), "FROM scratch");
  const { digest } = await images.build({ context: home, name: "shop:1" });
  registration.refresh();
  await clock.advance(0);
  await expect
    .poll(() => node().status?.images)
    .toEqual([{ names: [`docker.io/library/shop@${digest}`, "docker.io/library/shop:1"], sizeBytes: 0 }]);
  await registration[Symbol.asyncDispose]();
});

test("a node that was deleted comes back, one that was there keeps the times of its conditions", async () => {
  const { registration, clock, objects, writes } = start();
  await registration.start(1);
  objects.clear();
  writes.length = 0;
  await clock.advance(10_000);
  expect(writes).toContain("create nodes");
  const before = (objects.get("nodes") as Node).status?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime);
  await registration[Symbol.asyncDispose]();
  await clock.advance(5000);
  await registration.start(1);
  expect(
    (objects.get("nodes") as Node).status?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
  ).toEqual(before);
});
