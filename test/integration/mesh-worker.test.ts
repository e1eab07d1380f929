import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { meshworkers } from "../../src/api/generated/resources.ts";
import { isNotFound } from "../../src/api/status-error.ts";
import { Backend, ok, readRequest } from "../support/mesh-harness.ts";
import { MeshWorld } from "../support/mesh-world.ts";

let world: MeshWorld;
const open: AsyncDisposable[] = [];
beforeEach(async () => {
  world = await MeshWorld.start();
});
afterEach(async () => {
  for (const thing of open.splice(0)) await thing[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const saying = async (content: string): Promise<Backend> => {
  const backend = await Backend.answering(() => ok(content));
  open.push(backend);
  return backend;
};

/** `200 content`; rejects as the connection does. */
async function ask(address: string, port: number, agent: Agent | false = false): Promise<string> {
  const asked = request({ host: address, port, agent }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let content = "";
  for await (const piece of response.setEncoding("utf8")) content += String(piece);
  return `${response.statusCode} ${content}`;
}

const inForce =
  (resource: string, version: string) => (status: { readonly applied?: Readonly<Record<string, string>> }) =>
    Number(status.applied?.[resource]) >= Number(version);

describe("a worker", () => {
  test("serves what the API says, on the Service's address and its NodePort, and says since when", async () => {
    const backend = await saying("hello");
    const port = 20_000 + (process.pid % 10_000);
    const address = await world.service("web", {
      type: "NodePort",
      ports: [{ name: "http", port: 8080, nodePort: 30_000 + (port % 2_767) }],
    });
    await world.endpoints("web", [backend]);
    await world.startWorker("mesh-1");
    expect(await ask(address, 8080)).toBe("200 hello");
    expect(await ask("127.0.0.1", 30_000 + (port % 2_767))).toBe("200 hello");
    const second = await world.service("late");
    const status = await world.until("mesh-1", inForce("endpointslices", await world.endpoints("late", [backend])));
    expect(await ask(second, 8080)).toBe("200 hello");
    expect(status).toMatchObject({ leaseSeconds: 3, refused: [], draining: [], trips: [] });
  });

  test("goes on while the API is away, hears what it missed, and is known again", async () => {
    const address = await world.service("web");
    await world.endpoints("web", [await saying("before")]);
    await world.startWorker("mesh-1");
    await world.stopApi();
    expect(await ask(address, 8080)).toBe("200 before");
    await world.startApi();
    await world.until("mesh-1", inForce("endpointslices", await world.endpoints("web", [await saying("after")])));
    expect(await ask(address, 8080)).toBe("200 after");
  });

  test("comes back on its last snapshot without the API", async () => {
    const address = await world.service("web");
    const version = await world.endpoints("web", [await saying("kept")]);
    await world.startWorker("mesh-1");
    await world.until("mesh-1", inForce("endpointslices", version));
    await world.snapshotKept("mesh-1", version);
    await world.stopApi();
    await world.endWorker("mesh-1", "SIGKILL");
    await expect(ask(address, 8080)).rejects.toThrow("ECONNREFUSED");
    await world.startWorker("mesh-1");
    expect(await ask(address, 8080)).toBe("200 kept");
  });

  test("says which ports it is refused, and takes them when they are free", async () => {
    const address = await world.service("web");
    const squatter = createServer();
    squatter.listen({ host: address, port: 8080 });
    await once(squatter, "listening");
    await world.startWorker("mesh-1");
    const status = await world.until("mesh-1", ({ refused = [] }) => refused.length > 0);
    expect(status.refused).toEqual([
      {
        namespace: "default",
        service: "web",
        port: 8080,
        address: `${address}:8080`,
        reason: "EADDRINUSE",
        message: `another program listens on ${address}:8080`,
      },
    ]);
    squatter.close();
    await once(squatter, "close");
    await world.endpoints("web", [await saying("mine")]);
    await world.until("mesh-1", ({ refused = [] }) => refused.length === 0);
    expect(await ask(address, 8080)).toBe("200 mine");
  });

  test("says which endpoints that are gone have requests in flight", async () => {
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = await Backend.start(async (connection) => {
      await readRequest(connection);
      asked.resolve();
      await answer.promise;
      connection.write(ok("slow"));
      await connection.rest();
    });
    open.push(slow);
    const address = await world.service("web");
    await world.endpoints("web", [slow]);
    await world.startWorker("mesh-1");
    const answered = ask(address, 8080);
    await asked.promise;
    const version = await world.endpoints("web", [await saying("other")]);
    const status = await world.until("mesh-1", inForce("endpointslices", version));
    expect(status.draining).toEqual([{ address: slow.address, requests: 1 }]);
    answer.resolve();
    await world.until("mesh-1", ({ draining = [] }) => draining.length === 0);
    expect(await answered).toBe("200 slow");
  });
});

describe("two workers", () => {
  test("one that is told to end answers what it has; nobody notices", async () => {
    const address = await world.service("web");
    await world.endpoints("web", [await saying("a"), await saying("b")]);
    const first = await world.startWorker("mesh-1");
    await world.startWorker("mesh-2");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const agents = Array.from({ length: 16 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    let stop = false;
    const answers: string[] = [];
    const load = agents.map(async (each) => {
      while (!stop) answers.push((await ask(address, 8080, each)).slice(0, 3));
    });
    while (answers.length < 200) await ask(address, 8080, agent);
    const exited = once(first, "exit");
    first.kill("SIGTERM");
    expect(await exited).toEqual([143, null]);
    const then = answers.length;
    while (answers.length < then + 200) await ask(address, 8080, agent);
    stop = true;
    await Promise.all(load);
    for (const each of [agent, ...agents]) each.destroy();
    expect(answers.filter((answer) => answer !== "200")).toEqual([]);
    await expect(world.client.get(meshworkers, "mesh-1")).rejects.toSatisfy(isNotFound);
  });

  test("no request fails while endpoints and weights change all the time", async () => {
    const address = await world.service("web");
    for (const name of ["web-a", "web-b"]) await world.service(name);
    const backends = [await saying("1"), await saying("2"), await saying("3")];
    const weights = (a: number): Promise<string> =>
      world.route("web", {
        parentRefs: [{ group: "", kind: "Service", name: "web" }],
        rules: [
          {
            backendRefs: [
              { name: "web-a", port: 8080, weight: a },
              { name: "web-b", port: 8080, weight: 100 - a },
            ],
          },
        ],
      });
    await Promise.all([weights(50), world.endpoints("web-a", backends), world.endpoints("web-b", backends)]);
    for (const name of ["mesh-1", "mesh-2"]) await world.startWorker(name);
    let stop = false;
    const answers: string[] = [];
    const load = Array.from({ length: 12 }, async (_, i) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      // Some connections are kept, some are new each time.
      while (!stop) answers.push((await ask(address, 8080, i % 3 > 0 && agent)).slice(0, 3));
      agent.destroy();
    });
    for (let i = 0; i < 60; i++) {
      const left = backends.filter((__, k) => k !== i % 3);
      await Promise.all([
        world.endpoints("web-a", left),
        world.endpoints("web-b", left.slice(i % 2)),
        weights((i * 37) % 101),
      ]);
    }
    const version = await weights(100);
    for (const name of ["mesh-1", "mesh-2"]) await world.until(name, inForce("httproutes", version));
    stop = true;
    await Promise.all(load);
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter((answer) => answer !== "200")).toEqual([]);
  });

  test("share the failures of a session, shut its gate together, and keep it shut", async () => {
    const address = await world.service("web");
    for (const name of ["web-stable", "web-new"]) await world.service(name);
    await world.endpoints("web-stable", [await saying("stable")]);
    const failing = await Backend.answering(() => "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    open.push(failing);
    await world.endpoints("web-new", [failing]);
    await world.policy("web", { targetRef: { name: "web" }, retry: "Never" });
    const mark = (kind: string, name: string) => ({
      type: "ExtensionRef" as const,
      extensionRef: { group: "sluice.dev", kind, name },
    });
    await world.trip("web", {
      session: "web-1.1",
      backend: "default/web-new:8080",
      since: [],
      limits: [{ failures: [4] }],
    });
    const version = await world.route("web", {
      parentRefs: [{ group: "", kind: "Service", name: "web" }],
      rules: [
        {
          name: "release",
          filters: [mark("ReleasePolicy", "web"), mark("Release", "web-1.1")],
          backendRefs: [
            { name: "web-stable", port: 8080, weight: 0 },
            { name: "web-new", port: 8080, weight: 100 },
          ],
        },
      ],
    });
    for (const name of ["mesh-1", "mesh-2"]) {
      await world.startWorker(name);
      await world.until(name, inForce("httproutes", version));
    }
    await world.peersKnown(2);
    const answers: string[] = [];
    for (let i = 0; i < 60; i++) answers.push(await ask(address, 8080));
    // Each connection lands on either worker; a failure that is told while another is under way can come one too late.
    const failed = answers.filter((answer) => answer.startsWith("500")).length;
    expect(failed).toBeGreaterThanOrEqual(4);
    expect(failed).toBeLessThanOrEqual(5);
    expect(answers.slice(8).every((answer) => answer === "200 stable")).toBe(true);
    const [one, two] = await Promise.all(
      ["mesh-1", "mesh-2"].map((name) => world.until(name, ({ trips = [] }) => trips.length === 1)),
    );
    expect(one?.trips?.[0]).toMatchObject({ session: "web-1.1", new: 4, old: 0 });
    expect(two?.trips?.[0]?.by).toBe(one?.trips?.[0]?.by);
    await world.stopApi();
    for (const name of ["mesh-1", "mesh-2"]) {
      await world.endWorker(name, "SIGKILL");
      await world.startWorker(name);
    }
    for (let i = 0; i < 10; i++) expect(await ask(address, 8080)).toBe("200 stable");
  });
});
