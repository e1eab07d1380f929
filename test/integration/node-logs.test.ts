import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isReady, machineIsolation, NodeWorld, phaseIs } from "../support/node-world.ts";

const isolation = await machineIsolation();
let world: NodeWorld;
beforeAll(async () => {
  world = await NodeWorld.start(isolation);
  await world.build("busy:1", { Dockerfile: 'FROM scratch\nCMD ["sleep", "3600"]' });
  await world.run("lines", [{ command: ["sh", "-c", "echo one; sleep 1.5; echo two >&2; echo three"] }], {
    restartPolicy: "Never",
  });
  await world.run("again", [{ command: ["sh", "-c", "echo $$ >/dev/null; echo run; exit 1"] }]);
  await world.run("mute", [{ image: "nothere" }]);
  await world.until("lines", phaseIs("Succeeded"));
  await world.until(
    "again",
    (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
  );
});
afterAll(() => world[Symbol.asyncDispose]());

interface Answer {
  readonly code: number;
  readonly body: string;
}

type As = "apiserver" | "admin" | "mesh" | "nobody";

/** Asks the kubelet endpoint; `each` sees the body as it comes and may end the call by returning true. */
function ask(
  path: string,
  as: As = "apiserver",
  each: (body: string) => boolean | undefined = () => undefined,
): Promise<Answer> {
  const { pki } = world.api;
  const identity = { apiserver: pki.kubeletClient, admin: pki.admin, mesh: pki.mesh, nobody: undefined }[as];
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: "127.0.0.1",
        port: world.node.kubeletPort,
        path,
        agent: false,
        ca: pki.ca,
        ...(identity && { cert: identity.certificate, key: identity.key }),
      },
      (response) => {
        let body = "";
        const end = (): void => resolve({ code: response.statusCode ?? 0, body });
        response.on("data", (chunk: Buffer) => {
          body += chunk.toString();
          if (each(body)) response.destroy();
        });
        response.once("close", end);
      },
    );
    call.once("error", reject);
    call.end();
  });
}
const log = (pod: string, query = "") => ask(`/containerLogs/default/${pod}/c0?${query}`);

describe("the kubelet endpoint", () => {
  test.each<[As, number]>([
    ["apiserver", 200],
    ["admin", 200],
    ["mesh", 403],
    ["nobody", 401],
  ])("answers %s with %i", async (as, code) => expect((await ask("/healthz", as)).code).toBe(code));

  test("lists the pods of the node", async () => {
    const list = JSON.parse((await ask("/pods")).body) as { items: { metadata: { name: string } }[] };
    expect(list.items.map(({ metadata }) => metadata.name).sort()).toEqual(["again", "lines", "mute"]);
  });

  test("knows nothing else", async () =>
    expect(await ask("/exec/default/lines/c0")).toEqual({ code: 404, body: "404 page not found" }));
});

describe("logs", () => {
  test.each([
    ["", "one\ntwo\nthree\n"],
    ["tailLines=1", "three\n"],
    ["tailLines=0", ""],
    ["limitBytes=5", "one\nt"],
    ["sinceTime=2020-01-01T00:00:00Z&tailLines=2", "two\nthree\n"],
    ["sinceTime=2100-01-01T00:00:00Z", ""],
    ["sinceSeconds=3600&follow=true", "one\ntwo\nthree\n"],
  ])("%j", async (query, want) => expect(await log("lines", query)).toEqual({ code: 200, body: want }));

  test("with true times, from which `since` counts", async () => {
    const lines = (await log("lines", "timestamps=true")).body.trim().split("\n");
    expect(lines.map((line) => line.replace(/^\S+ /, ""))).toEqual(["one", "two", "three"]);
    const times = lines.map((line) => line.split(" ")[0] ?? "");
    expect(times.every((time) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(time))).toBe(true);
    const pod = await world.until("lines", () => true);
    const { startedAt, finishedAt } = pod!.status!.containerStatuses![0]!.state!.terminated!;
    expect(Date.parse(times[0]!)).toBeGreaterThanOrEqual(Date.parse(startedAt!));
    expect(Math.floor(Date.parse(times[2]!) / 1000)).toBeLessThanOrEqual(Date.parse(finishedAt!) / 1000 + 1);
    expect(Date.parse(times[1]!) - Date.parse(times[0]!)).toBeGreaterThan(1000);
    expect((await log("lines", `sinceTime=${times[1]}`)).body).toBe("two\nthree\n");
  });

  test("of the instance before", async () => {
    expect(await log("again", "previous=true")).toEqual({ code: 200, body: "run\n" });
    expect(await log("lines", "previous=true")).toEqual({
      code: 400,
      body: 'previous terminated container "c0" in pod "lines" not found',
    });
  });

  test.each([
    ["/containerLogs/default/none/c0", 404, "pod does not exist"],
    ["/containerLogs/default/lines/c9", 404, 'container "c9" not found in pod "lines"'],
    ["/containerLogs/default/lines/c0?tailLines=x", 400, "Unable to decode query: tailLines x"],
  ])("%s: %i", async (path, code, body) => expect(await ask(path)).toEqual({ code, body }));

  test("of a container that waits say for what", async () => {
    const { code, body } = await log("mute");
    expect(code).toBe(400);
    expect(body).toMatch(
      /^container "c0" in pod "mute" is waiting to start: (?:image can't be pulled|trying and failing to pull image)$/,
    );
  });

  test("are followed while the program writes, until it ends", async () => {
    await world.run(
      "talk",
      [{ command: ["sh", "-c", "echo up; while ! [ -e /tmp/end ]; do sleep 0.02; done; echo last"] }],
      { restartPolicy: "Never" },
    );
    await world.until("talk", isReady);
    const { uid } = (await world.until("talk", () => true))!.metadata;
    let asked = false;
    const whole = ask("/containerLogs/default/talk/c0?follow=true", "apiserver", (body) => {
      if (body.includes("up") && !asked) {
        asked = true;
        void world.exec({ podUid: uid, name: "c0", instance: 0 }, ["sh", "-c", "echo >/tmp/end"]);
      }
      return undefined;
    });
    expect(await whole).toEqual({ code: 200, body: "up\nlast\n" });
  });

  test("a reader who goes away in the middle harms nobody", async () => {
    await world.run("flood", [{ command: ["sh", "-c", "yes | head -c 20000000; sleep 60"] }]);
    await world.until("flood", isReady);
    const { body } = await ask(
      "/containerLogs/default/flood/c0?follow=true",
      "apiserver",
      (seen) => seen.length > 100_000,
    );
    expect(body.length).toBeGreaterThan(100_000);
    expect((await log("flood", "tailLines=2")).body).toBe("y\ny\n");
  });
});
