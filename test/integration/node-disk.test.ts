import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isReady, machineIsolation, NodeWorld, phaseIs } from "../support/node-world.ts";
import { smallDisk } from "../support/small-disk.ts";

const isolation = await machineIsolation();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-disk-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("on a full disk pods run on, and how one ended meanwhile is not lost", async ({ skip }) => {
  using disk = smallDisk(directory, "60m");
  if (!disk || !isolation.namespaces) return skip("mounting a small tmpfs needs root");
  await using world = await NodeWorld.start(isolation, { parent: disk.path });
  await world.build("server:1", {
    Dockerfile: 'FROM scratch\nCOPY s.js /app/\nCMD ["node", "/app/s.js"]',
    "s.js": `require("node:http").createServer((q, r) => { console.log(q.url); r.end("ok"); }).listen(process.env.PORT, process.env.HOST);`,
  });
  await world.run("serves", [{ image: "server:1", readinessProbe: { tcpSocket: { port: 8080 } } }]);
  await world.run(
    "quits",
    [{ image: "server:1", command: ["sh", "-c", "trap 'exit 42' USR1; echo up; while :; do sleep 0.02; done"] }],
    { restartPolicy: "Never" },
  );
  const url = `http://${(await world.until("serves", isReady))!.status!.podIP}:8080`;
  const { uid } = (await world.until("quits", isReady))!.metadata;

  const free = disk.fill();
  expect(await (await fetch(url)).text()).toBe("ok");
  await world.exec({ podUid: uid, name: "c0", instance: 0 }, ["sh", "-c", "kill -USR1 -1"]);
  await expect.poll(() => world.node.agent.find("default", "quits")?.status?.phase).toBe("Failed");
  expect(await (await fetch(url)).text()).toBe("ok");
  free();
  const ended = await world.until("quits", phaseIs("Failed"));
  expect(ended?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(42);
  expect(isReady(await world.until("serves", () => true))).toBe(true);
});
