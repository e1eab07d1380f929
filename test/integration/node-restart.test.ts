import { readdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Pod } from "../../src/api/generated/core-v1.ts";
import { isReady, machineIsolation, NodeWorld, phaseIs } from "../support/node-world.ts";
import { processesWith } from "../support/processes.ts";

const isolation = await machineIsolation();
let world: NodeWorld;
beforeAll(async () => {
  world = await NodeWorld.start(isolation);
  await world.build("busy:1", { Dockerfile: 'FROM scratch\nCMD ["sleep", "3600"]' });
});
afterAll(() => world[Symbol.asyncDispose]());

const sh = (script: string) => ({ command: ["sh", "-c", script] });
const status = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0];

describe("a control process that comes back", () => {
  test("finds its pods running, ready all the time, at their addresses, with their logs", async () => {
    await world.run("stays", [
      {
        ...sh("echo first; trap 'exit 0' TERM; while :; do sleep 0.05; done"),
        readinessProbe: { exec: { command: ["true"] } },
      },
    ]);
    const before = await world.until("stays", isReady);
    const versions: string[] = [];
    const abort = world.until("stays", (pod) => {
      if (pod && !isReady(pod)) versions.push(JSON.stringify(pod.status));
      return pod === undefined;
    });
    await world.stopNode();
    await world.startNode();
    const after = await world.until("stays", isReady);
    expect(after?.status).toEqual(before?.status);
    expect(after?.status?.podIP).toMatch(/^127\./);
    await world.delete("stays");
    await abort;
    expect(versions.filter((text) => text.includes('"running"'))).toEqual([]);
  });

  test("learns how a program ended meanwhile, and when", async () => {
    await world.run("ends", [sh("while ! [ -e /tmp/end ]; do sleep 0.02; done; echo why >&2; exit 7")], {
      restartPolicy: "Never",
    });
    const pod = await world.until("ends", isReady);
    await world.exec({ podUid: pod!.metadata.uid, name: "c0", instance: 0 }, [
      "sh",
      "-c",
      "(sleep 0.3; echo >/tmp/end) >/dev/null 2>&1 &",
    ]);
    await world.stopNode();
    await expect.poll(() => processesWith(pod!.metadata.uid)).toEqual([]);
    const ended = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await world.startNode();
    const after = await world.until("ends", phaseIs("Failed"));
    expect(status(after)?.state?.terminated).toMatchObject({ exitCode: 7, reason: "Error", message: "why\n" });
    expect(Date.parse(status(after)!.state!.terminated!.finishedAt!)).toBeLessThanOrEqual(ended);
  });

  test("restarts what crashed meanwhile", async () => {
    await world.run("crashed", [sh("while ! [ -e /tmp/end ]; do sleep 0.02; done; exit 1")]);
    const pod = await world.until("crashed", isReady);
    await world.exec({ podUid: pod!.metadata.uid, name: "c0", instance: 0 }, [
      "sh",
      "-c",
      "(sleep 0.3; echo >/tmp/end) >/dev/null 2>&1 &",
    ]);
    await world.stopNode();
    await expect.poll(() => processesWith(pod!.metadata.uid)).toEqual([]);
    await world.startNode();
    const after = await world.until("crashed", (one) => isReady(one) && status(one)?.restartCount === 1);
    expect(status(after)?.lastState?.terminated?.exitCode).toBe(1);
    await world.delete("crashed", 1);
    await world.until("crashed", (one) => one === undefined);
  });

  test("ends what was deleted meanwhile, gracefully or by force", async () => {
    const marks = [`81${process.pid}`, `82${process.pid}`];
    await world.run("graceful", [sh(`sleep ${marks[0]}`)]);
    await world.run("forceful", [sh(`sleep ${marks[1]}`)]);
    await world.until("graceful", isReady);
    await world.until("forceful", isReady);
    await world.stopNode();
    await world.delete("graceful");
    await world.delete("forceful", 0);
    expect(marks.map((mark) => processesWith(mark).length > 0)).toEqual([true, true]);
    await world.startNode();
    await world.until("graceful", (one) => one === undefined);
    await expect.poll(() => marks.flatMap(processesWith), { timeout: 10_000 }).toEqual([]);
    const pods = readdirSync(world.home.pods);
    await expect.poll(() => readdirSync(world.home.pods).length).toBeLessThanOrEqual(pods.length);
  });

  test("leaves what was over as it was", async () => {
    await world.run("over", [sh("exit 0")], { restartPolicy: "Never" });
    const isReleased = (one: Pod | undefined) =>
      one?.status?.conditions?.some(({ type, status: is }) => type === "PodReadyToStartContainers" && is === "False");
    const before = await world.until("over", (one) => phaseIs("Succeeded")(one) && isReleased(one));
    await world.stopNode();
    await world.startNode();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await world.until("over", () => true))?.status).toEqual(before?.status);
  });
});

describe("a node that goes down", () => {
  let pod: Pod | undefined;
  const mark = `83${process.pid}`;
  beforeEach(async () => {
    await world.run("down", [
      {
        ...sh(`trap 'echo bye; exit 0' TERM; echo >/tmp/up; while :; do sleep 0.02; done; : ${mark}`),
        readinessProbe: { exec: { command: ["test", "-e", "/tmp/up"] } },
      },
    ]);
    pod = await world.until("down", isReady);
  });
  afterEach(async () => {
    await world.delete("down");
    await world.until("down", (one) => one === undefined);
  });

  test("ends what is just being started, and starts nothing more", async () => {
    const marks = [`84${process.pid}`, `85${process.pid}`];
    await world.run("starting", [sh(`trap "" TERM; sleep ${marks[0]}`)], { terminationGracePeriodSeconds: 1 });
    await world.until("starting", (one) =>
      one?.status?.conditions?.some(({ type }) => type === "PodReadyToStartContainers"),
    );
    const isDown = world.node.agent.shutDown();
    await world.run("late", [sh(`sleep ${marks[1]}`)]);
    await isDown;
    await world.until("late", (one) => one !== undefined);
    expect(marks.flatMap(processesWith)).toEqual([]);
    await world.stopNode();
    await world.startNode();
    for (const name of ["starting", "late"]) {
      await world.until(name, isReady);
      await world.delete(name, 1);
      await world.until(name, (one) => one === undefined);
    }
  });

  test("ends its pods in good order, keeps their objects, and runs them again when it comes back", async () => {
    await world.node.agent.shutDown();
    expect(processesWith(mark)).toEqual([]);
    const stopped = await world.until("down", (one) => !isReady(one));
    expect(stopped?.metadata.deletionTimestamp).toBeUndefined();
    await world.stopNode();
    await world.startNode();
    const again = await world.until("down", isReady);
    expect(again?.metadata.uid).toBe(pod?.metadata.uid);
    expect(again?.status?.podIP).toBe(pod?.status?.podIP);
    expect(status(again)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 0 } } });
  });
});
