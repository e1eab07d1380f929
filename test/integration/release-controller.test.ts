import { afterEach, describe, expect, test } from "vitest";
import { releases, services } from "../../src/api/generated/resources.ts";
import { isShut } from "../../src/plan/gate/gate.ts";
import { ReleaseEngine } from "../support/release-engine.ts";

let engine: ReleaseEngine | undefined;
afterEach(async () => {
  await engine?.[Symbol.asyncDispose]();
  engine = undefined;
});

type Policy = Parameters<ReleaseEngine["createPolicy"]>[0];

/** The shop at v1 with a policy, under some load already. */
async function shop(policy: Policy = {}, seed = 1): Promise<ReleaseEngine> {
  engine = await ReleaseEngine.start(seed);
  await engine.createShop();
  await engine.createPolicy({ soak: "5s", bake: "3s", failureBudget: 20, ...policy });
  await engine.run(2, 20);
  return engine;
}

const HEALTHY = { v1: 0.001, v2: 0.001 };

describe("a good version", () => {
  test("reaches everybody, and its receipt has the numbers of the senders", async () => {
    const e = await shop();
    await e.setImage("v2");
    expect(isShut(await e.deployment())).toBe(true);
    await e.runUntil("Succeeded", 60, HEALTHY);
    const { status, spec } = (await e.release())!;
    expect([spec.fromVersion, spec.version]).toEqual(["v1", "v2"]);
    expect(status?.receipt).toMatch(/^Released v2 to everyone after .* and baked for 3 s\. /);
    expect(status?.receipt).toContain(`Touched: ${status?.new?.requests?.toLocaleString("en-US")} requests of `);
    // Requests that failed on the new version and were answered by the old one count for the new one, which drew them.
    const retried = status?.new?.retried ?? 0;
    const afterwards = (e.sent.served.get("v2") ?? 0) + retried - (status?.new?.requests ?? 0);
    expect(afterwards).toBeGreaterThanOrEqual(0);
    expect(afterwards).toBeLessThan(60);
    expect(e.sent.served.get("nobody")).toBeUndefined();
    expect(isShut(await e.deployment())).toBe(false);
    expect([(await e.readyPods("v2")).length, (await e.readyPods("v1")).length]).toEqual([3, 0]);
    await e.run(1, 50, HEALTHY);
    expect(e.sent.served.get("nobody")).toBeUndefined();
  });

  test("goes on where it was when the controller is killed and comes back", async () => {
    const e = await shop({ steps: [{ weight: 20, for: "10s" }] });
    await e.setImage("v2");
    await e.run(6, 60, HEALTHY);
    const before = (await e.release())!;
    expect(before.status).toMatchObject({ phase: "Releasing", weightText: "20 %" });
    await e.killControl();
    await e.run(3, 60, HEALTHY);
    e.startControl();
    await e.run(2, 60, HEALTHY);
    const after = (await e.release())!;
    expect(after.status?.attempt).toBe(1);
    // Nothing is counted twice, and nothing that happened meanwhile is lost.
    const drawn = (e.sent.served.get("v2") ?? 0) + (after.status?.new?.retried ?? 0);
    expect(Math.abs((after.status?.new?.requests ?? 0) - drawn)).toBeLessThanOrEqual(12 + 6);
    await e.runUntil("Succeeded", 60, HEALTHY);
    expect(e.sent.served.get("nobody")).toBeUndefined();
  });

  test("is tested by smoke requests first", async () => {
    const e = await shop({ smoke: [{ get: "/menu", expect: { status: 200, bodyContains: "Ajanta" } }] });
    e.smoke.set("/menu", { status: 200, body: "Ajanta and others" });
    await e.setImage("v2");
    await e.run(3, 20);
    expect((await e.release())?.status?.progress?.smoke).toMatchObject([{ get: "/menu", ok: true }]);
    expect((await e.release())?.status?.phase).toBe("Releasing");
  });
});

describe("a bad version", () => {
  test.each([1, 2, 3, 4, 5, 6])("costs few failed requests (seed %d)", async (seed) => {
    const e = await shop({ retry: "Never", failureBudget: 5 }, seed);
    await e.setImage("v2");
    await e.runUntil("Reverted", 200, { v1: 0, v2: 0.2 });
    expect(e.sent.failed).toBeLessThanOrEqual(12);
    expect(e.sent.served.get("nobody")).toBeUndefined();
    const { status } = (await e.release())!;
    expect(status?.new?.failures).toBe(e.sent.failed);
    expect(status?.new?.requests).toBe(e.sent.served.get("v2"));
    expect(status?.receipt).toContain(`v2 failed ${e.sent.failed} of its ${e.sent.served.get("v2")} requests`);
    expect(status?.receipt).toMatch(/Evidence that it is worse (1:|beyond)/);
    expect((await e.readyPods("v1")).length).toBe(3);
  });

  test("costs users nothing when the old version answers what the new one failed", async () => {
    const e = await shop();
    await e.setImage("v2");
    await e.runUntil("Reverted", 100, { v1: 0, v2: 0.2 });
    expect(e.sent.failed).toBe(0);
    const { status } = (await e.release())!;
    expect(status?.new?.failures).toBeGreaterThanOrEqual(2);
    expect(status?.new?.retried).toBe(status?.new?.failures);
    expect(status?.receipt).toContain("answered by v1 after all; no user saw a failure");
  });

  test("is withdrawn by the mesh alone when the controller is dead, and the verdict stands when it is back", async () => {
    const e = await shop({ steps: [{ weight: 10, for: "10m" }], retry: "Never" });
    await e.setImage("v2");
    await e.run(4, 20, { v1: 0, v2: 0 });
    await e.killControl();
    await e.run(5, 100, { v1: 0, v2: 1 });
    expect(e.sent.failed).toBeLessThanOrEqual(12);
    const failed = e.sent.failed;
    await e.run(2, 100, { v1: 0, v2: 1 });
    expect(e.sent.failed).toBe(failed);
    e.startControl();
    await e.runUntil("Reverted", 100, { v1: 0, v2: 1 });
    expect(e.sent.failed).toBe(failed);
    expect((await e.release())?.status?.receipt).toContain(`v2 failed ${failed} of its`);
  });

  test("does not reach a user when a smoke request goes wrong", async () => {
    const e = await shop({ smoke: [{ get: "/menu" }] });
    e.smoke.set("/menu", { status: 500, body: "" });
    await e.setImage("v2");
    await e.runUntil("Reverted", 50);
    expect(e.sent.served.get("v2")).toBeUndefined();
    expect((await e.release())?.status?.receipt).toContain("answered 500, 200 was expected");
  });
});

describe("what people do meanwhile", () => {
  const releasing = async (): Promise<ReleaseEngine> => {
    const e = await shop({ steps: [{ weight: 50, for: "10m" }] });
    await e.setImage("v2");
    await e.run(5, 50);
    expect((await e.release())?.status).toMatchObject({ phase: "Releasing", weightText: "50 %" });
    return e;
  };

  test("the old template applied in the middle costs no request", async () => {
    const e = await releasing();
    await e.setImage("v1");
    await e.run(3, 200);
    expect((await e.release())?.status?.phase).toBe("Reverted");
    expect([e.sent.failed, e.sent.served.get("nobody")]).toEqual([0, undefined]);
    expect((await e.readyPods("v1")).length).toBe(3);
  });

  test("a third template in the middle costs no request", async () => {
    const e = await releasing();
    await e.setImage("v3");
    await e.run(5, 200);
    const { items } = await e.client.list(releases, { namespace: "default" });
    expect(new Set(items.map(({ status }) => status?.phase))).toEqual(new Set(["Releasing", "Superseded"]));
    expect([e.sent.failed, e.sent.served.get("nobody")]).toEqual([0, undefined]);
  });

  test("a policy deleted in the middle takes everything of it along", async () => {
    const e = await releasing();
    await e.deletePolicy();
    await e.run(3, 200);
    expect((await e.release())?.status?.phase).toBe("Reverted");
    const { items } = await e.client.list(services, { namespace: "default" });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["shop"]);
    expect(isShut(await e.deployment())).toBe(false);
    expect([e.sent.failed, e.sent.served.get("nobody")]).toEqual([0, undefined]);
  });

  test("pause, resume, promote to everyone", async () => {
    const e = await releasing();
    await e.order("pause");
    expect((await e.release())?.status).toMatchObject({ phase: "Held", held: { reason: "Paused" } });
    await e.order("resume");
    await e.order("promote-full");
    await e.runUntil("Succeeded", 50);
    expect([e.sent.failed, e.sent.served.get("nobody")]).toEqual([0, undefined]);
  });
});

test("at rest the controller waits for nothing and writes nothing", async () => {
  const e = await shop();
  const before = await e.revisionOfOthers();
  await e.run(30, 10);
  expect(await e.revisionOfOthers()).toBe(before);
});

test("a status is written at most about once a second, however much is counted", async () => {
  const e = await shop({ steps: [{ weight: 50, for: "10m" }] });
  await e.setImage("v2");
  await e.run(5, 50);
  const writes = e.countWrites(releases);
  await e.run(10, 100);
  expect(writes()).toBeLessThanOrEqual(11);
  expect(writes()).toBeGreaterThanOrEqual(8);
});
