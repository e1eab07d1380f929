import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deployments, pods, releasepolicies, releases } from "../../src/api/generated/resources.ts";
import type { Release } from "../../src/api/generated/sluice-dev.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { isPortFree } from "../../src/engine/free-port.ts";
import { EngineUnderTest, eventually } from "../support/engine-under-test.ts";
import { OwnService } from "../support/own-service.ts";
import { SteadyClient } from "../support/steady-client.ts";

/**
 * What a user does by hand with a service of their own, under load from a client of their own: plain rollouts first, then with a policy
 * that has nothing but its target; good and bad versions, an undo, scaling, and kills on the way.
 */

const NS = { namespace: "default" };
const REPLICAS = 3;

let engine: EngineUnderTest;
let service: OwnService;
let client: ApiClient;
let load: SteadyClient;
/** When the test began, for its own requests. */
let from = 0;

beforeAll(async () => {
  engine = await EngineUnderTest.start();
  client = await engine.client();
  service = new OwnService(engine, { name: "own", nodePort: await nodePort(), replicas: REPLICAS });
  for (const version of ["v1", "v2", "v3", "v5"]) await service.build(version);
  await service.build("v4", { bad: 0.3 });
  await service.build("v6", { hangs: 0.3 });
  await service.deploy("v1");
  load = new SteadyClient({ url: service.url, rate: 100, methods: ["GET", "GET", "GET", "POST"] });
}, 120_000);
afterAll(async () => {
  await load?.[Symbol.asyncDispose]();
  service?.[Symbol.dispose]();
  await engine?.[Symbol.asyncDispose]();
}, 60_000);
beforeEach(() => {
  from = Date.now();
});

describe("without a policy", () => {
  test("a rollout fails no request", async () => {
    await service.setImage("v2");
    await engine.sluice("rollout", "status", "deployment/own", "--timeout=60s");
    await everybodyGets("v2");
    expect(failures()).toEqual([]);
  });

  test("an undo fails no request, and neither does the control process when it is killed meanwhile", async () => {
    await engine.sluice("rollout", "undo", "deployment/own");
    await engine.kill("control");
    await engine.sluice("rollout", "status", "deployment/own", "--timeout=60s");
    await everybodyGets("v1");
    expect(failures()).toEqual([]);
  });

  test("scaling up and down fails no request", async () => {
    for (const replicas of [5, 2, REPLICAS]) {
      await engine.sluice("scale", "deployment/own", `--replicas=${replicas}`);
      await eventually(
        `${replicas} pods are ready and no other is left`,
        async () => {
          const { items } = await client.list(pods, NS);
          const { status } = await client.get(deployments, "own", "default");
          return items.length === replicas && status?.readyReplicas === replicas;
        },
        { state: () => engine.sluice("get", "deployments,replicasets,pods,events", "-o", "wide") },
      );
    }
    expect(failures()).toEqual([]);
  });

  test("a mesh worker that is killed costs at most what it had in flight", async () => {
    await engine.kill("mesh-1");
    await enough(200);
    await engine.kill("mesh-2");
    await enough(200);
    // 32 connections at most, about half of them on each worker.
    expect(failures().length).toBeLessThanOrEqual(16);
    expect(failures().filter(({ error }) => error === undefined)).toEqual([]);
  });
});

describe("with a policy that has only its target", () => {
  beforeAll(async () => {
    await service.govern();
    await eventually("the policy is in place", async () => {
      const { status } = await client.get(releasepolicies, "own", "default");
      return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    });
  });

  test("a good version is released, by promotion, and no request fails though the control process is killed", async () => {
    await service.setImage("v3");
    await releaseIs("v3", "Releasing");
    await enough(100);
    await engine.kill("control");
    await engine.sluice("release", "promote", "own", "--full");
    await releaseIs("v3", "Baking");
    await engine.sluice("release", "promote", "own");
    await releaseIs("v3", "Succeeded");
    await everybodyGets("v3");
    expect(failures()).toEqual([]);
  });

  test("a bad version is withdrawn; idempotent requests do not notice", async () => {
    await service.setImage("v4");
    const { status } = await releaseIs("v4", "Reverted");
    await everybodyGets("v3");
    expect(failures().filter(({ method }) => method === "GET")).toEqual([]);
    expect(failures().length).toBeLessThanOrEqual(12);
    expect(status?.receipt).toMatch(/^Reverted to v3 after /);
    expect(status?.new?.failures).toBeGreaterThan(0);
  });

  test("a version that hangs is withdrawn; idempotent requests only take longer", async () => {
    await service.setImage("v6");
    const { status } = await releaseIs("v6", "Reverted");
    await everybodyGets("v3");
    expect(failures().filter(({ method }) => method === "GET")).toEqual([]);
    expect(failures().length).toBeLessThanOrEqual(12);
    expect(status?.receipt).toMatch(/^Reverted to v3 after /);
    expect(status?.new?.failures).toBeGreaterThan(0);
  });

  test("an undo on the way takes everybody back, without a failure", async () => {
    await service.setImage("v5");
    await releaseIs("v5", "Releasing");
    await enough(200);
    await engine.sluice("rollout", "undo", "deployment/own");
    await releaseIs("v5", "Reverted");
    await everybodyGets("v3");
    expect(failures()).toEqual([]);
  });

  test("the engine goes down and up in the middle of a release, which goes on where it was", async () => {
    await service.setImage("v5");
    await releaseIs("v5", "Releasing");
    await enough(100);
    await engine.sluice("down");
    await engine.sluice("up");
    // Long enough for a rule that is about pods: all of them have restarted.
    await eventually("all pods are ready again", async () => {
      const { items } = await client.list(pods, NS);
      return (
        items.length > REPLICAS && items.every(({ status }) => status?.containerStatuses?.every((each) => each.ready))
      );
    });
    await enough(200);
    await releaseIs("v5", "Releasing");
    await engine.sluice("release", "abort", "own");
    await releaseIs("v5", "Reverted");
  });

  test("both histories tell of it", async () => {
    const history = await engine.sluice("release", "history", "own");
    const phases = history.split("\n").flatMap((line) => /Succeeded|Reverted/.exec(line) ?? []);
    expect(phases).toEqual(["Succeeded", "Reverted", "Reverted", "Reverted", "Reverted"]);
    const { items } = JSON.parse(await engine.sluice("release", "history", "own", "-o", "json")) as {
      items: Release[];
    };
    expect(items.map(({ status }) => status?.phase)).toEqual(phases);
    expect(await engine.sluice("rollout", "history", "deployment/own")).toMatch(/^REVISION +CHANGE-CAUSE$/m);
    const receipt = /^Reverted to v3/;
    expect(await engine.sluice("release", "why", "own")).toMatch(receipt);
    const last = JSON.parse(await engine.sluice("release", "why", "own", "-o", "json")) as Release;
    expect(last.status?.receipt).toMatch(receipt);
  });
});

const failures = (): ReturnType<SteadyClient["since"]> => load.failed.filter(({ at }) => at >= from);

/** Waits until so many more requests have been answered. */
async function enough(requests: number): Promise<void> {
  const wanted = load.answers.length + requests;
  await eventually(`${requests} more requests are answered`, () => load.answers.length >= wanted);
}

/** Waits until the last fifty answers are all of one version. */
async function everybodyGets(version: string): Promise<void> {
  await enough(50);
  await eventually(`everybody gets ${version}`, () => {
    const recent = load.answers.slice(-50).filter(({ status }) => status === 200);
    return recent.length > 0 && recent.every((answer) => answer.version === version);
  });
}

/** Waits until the newest release of the version is in the phase. */
function releaseIs(version: string, phase: string): Promise<Release> {
  return eventually(
    `the release of ${version} is ${phase}`,
    async () => {
      const { items } = await client.list(releases, NS).catch(() => ({ items: [] }));
      const [newest] = items
        .filter(({ spec }) => spec.version === version)
        .sort((a, b) => (b.spec.generation ?? 0) - (a.spec.generation ?? 0));
      return newest?.status?.phase === phase ? newest : undefined;
    },
    { timeout: 120_000 },
  );
}

async function nodePort(): Promise<number> {
  for (let port = 31_000; ; port++) if (await isPortFree(port)) return port;
}
