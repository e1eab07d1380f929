import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isReady, machineIsolation, NodeWorld, phaseIs } from "../support/node-world.ts";

const isolation = await machineIsolation();
let world: NodeWorld;
beforeAll(async () => {
  world = await NodeWorld.start(isolation);
  await world.build("busy:1", { Dockerfile: 'FROM scratch\nCMD ["sleep", "3600"]' });
});
afterAll(() => world[Symbol.asyncDispose]());
const sh = (script: string) => ({ command: ["sh", "-c", script] });

describe("a pod", () => {
  test("runs, is ready, has an address, and goes when it is deleted", async () => {
    await world.run("one", [{}]);
    const pod = await world.until("one", isReady);
    expect(pod?.status).toMatchObject({
      phase: "Running",
      hostIP: "127.0.0.1",
      podIP: expect.stringMatching(/^127\.\d+\.128\.\d+$/),
    });
    expect((await world.events("one")).map((event) => event.split(":")[0])).toEqual(["Pulled", "Created", "Started"]);
    await world.delete("one");
    await world.until("one", (gone) => gone === undefined);
    expect(await world.events("one")).toContain("Killing: Stopping container c0");
  });

  test("ends with its program", async () => {
    await world.run("done", [sh("echo bye >/dev/termination-log")], { restartPolicy: "Never" });
    const pod = await world.until("done", phaseIs("Succeeded"));
    expect(pod?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 0,
      reason: "Completed",
      message: "bye\n",
    });
  });
});
