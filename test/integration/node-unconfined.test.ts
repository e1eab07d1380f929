import { afterAll, beforeAll, expect, test } from "vitest";
import { events, nodes } from "../../src/api/generated/resources.ts";
import { isReady, machineIsolation, NodeWorld } from "../support/node-world.ts";

// As on a machine that forbids namespaces (some containers, some hardened kernels).
const isolation = { ...(await machineIsolation()), namespaces: false, why: "forbidden by the test" };
let world: NodeWorld;
beforeAll(async () => {
  world = await NodeWorld.start(isolation, { namesProxy: { host: "127.0.0.1", port: 1 } });
  await world.build("server:1", {
    Dockerfile:
      'FROM scratch\nCOPY s.js data.txt /app/\nENV FILE=/app/data.txt\nWORKDIR /app\nCMD ["node", "/app/s.js"]',
    "data.txt": "from the image",
    "s.js": `const { createServer } = require("node:http"); const fs = require("node:fs");
      createServer((q, r) => r.end(JSON.stringify({ data: fs.readFileSync(process.env.FILE, "utf8"), here: fs.readFileSync("data.txt", "utf8"), config: fs.readFileSync(process.env.CONFIG, "utf8"), proxy: process.env.http_proxy })))
        .listen(process.env.PORT, process.env.HOST);`,
  });
});
afterAll(() => world[Symbol.asyncDispose]());

test("pods run all the same: paths lead to their places on disk, names go by proxy", async () => {
  await world.run(
    "plain",
    [
      {
        image: "server:1",
        env: [{ name: "CONFIG", value: "/config/name" }],
        volumeMounts: [{ name: "v", mountPath: "/config" }],
        readinessProbe: { tcpSocket: { port: 8080 } },
      },
    ],
    { volumes: [{ name: "v", downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } }] },
  );
  const pod = await world.until("plain", isReady);
  const answer = await (await fetch(`http://${pod!.status!.podIP}:8080`)).json();
  expect(answer).toEqual({
    data: "from the image",
    here: "from the image",
    config: "plain",
    proxy: "http://default:x@127.0.0.1:1",
  });
  await world.stopNode();
  await world.startNode();
  expect(await (await fetch(`http://${pod!.status!.podIP}:8080`)).json()).toEqual(answer);
  await world.delete("plain");
  await world.until("plain", (one) => one === undefined);
});

test("the node says so", async () => {
  const { status } = await world.client.get(nodes, "here");
  expect(status?.conditions).toContainEqual(
    expect.objectContaining({
      type: "NamespacesUnavailable",
      status: "True",
      message: "pods share the machine's root and process table: forbidden by the test",
    }),
  );
  const { items } = await world.client.list(events, { namespace: "default" });
  expect(items.map(({ reason }) => reason)).toContain("NamespacesForbidden");
});
