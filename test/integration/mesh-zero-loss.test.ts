import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { keeping } from "../support/keeping.ts";
import { Backend, MeshHarness, ok, type RawClient, readRequest } from "../support/mesh-harness.ts";

/** Answers that must reach their client whole, whatever the client, the backend or the mesh do at the same time. */
const keep = keeping();
const serving = async (serve: (connection: RawClient, number: number) => Promise<void>): Promise<Backend> =>
  keep(await Backend.start(serve));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a backend that answers before it has the whole request", () => {
  const early = (answer: string, afterwards: "ends" | "stays"): Promise<Backend> =>
    serving(async (connection) => {
      await connection.until("\r\n\r\n");
      if (afterwards === "ends") connection.end(answer);
      else connection.write(answer);
      await connection.rest();
    });
  const TOO_LARGE = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch";

  test.each(["ends", "stays"] as const)("and %s: its client has the answer, though it sends on", async (afterwards) => {
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [await early(TOO_LARGE, afterwards)] });
    for (let i = 0; i < 20; i++) {
      const client = mesh.connect();
      client.write(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${50e6}\r\n\r\n`);
      for (let sent = 0; sent < 50e6 && !client.pending.includes("much") && !client.closed; sent += 1e6) {
        client.write("x".repeat(1e6));
        await turn();
      }
      const answer = await client.response();
      expect([answer.status, answer.content]).toEqual([413, "much"]);
      client.destroy();
    }
  });

  test.each(["ends", "stays"] as const)("and %s: its client may look only when it has sent everything", async (how) => {
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [await early(TOO_LARGE, how)] });
    const client = mesh.connect();
    client.write(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${50e6}\r\n\r\n`);
    for (let sent = 0; sent < 50e6; sent += 1e6) {
      client.write("x".repeat(1e6));
      if (client.socket.writableNeedDrain) await once(client.socket, "drain");
    }
    expect((await client.response()).content).toBe("much");
    client.destroy();
  });
});

describe("a backend that answers early and closes at once", () => {
  test("is heard, unless its reset comes in the very moment of a write", async () => {
    const hasty = await serving(async (connection) => {
      await connection.until("\r\n\r\n");
      connection.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch");
      await new Promise<void>((resolve) => connection.socket.end(resolve));
      connection.destroy();
    });
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [hasty] });
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const client = mesh.connect().write(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${1e6}\r\n\r\n`);
      statuses.push((await client.write("x".repeat(1e6)).response()).status);
      client.destroy();
    }
    // Without that look at the backend in between it is none.
    expect(statuses.filter((status) => status === 413).length).toBeGreaterThan(10);
  });
});

describe("a connection of which nothing is known yet", () => {
  test("is served when its listener closes in that moment", async () => {
    const mesh = keep(new MeshHarness({ clock: new FakeClock() }));
    await mesh.apply({ web: [keep(await Backend.answering(() => ok("x")))] }, [], { protocol: "detect" });
    const client = mesh.connect();
    await once(client.socket, "connect");
    while (mesh.dataplane.gauges["client_connections"] === 0) await turn();
    const drained = mesh.dataplane.drain();
    await turn();
    client.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    expect(await client.response()).toMatchObject({ status: 200, content: "x" });
    client.end();
    await drained;
  });
});

describe("an answer without a length that breaks off", () => {
  test("does not look complete to a client of HTTP/1.0", async () => {
    const broken = await serving(async (connection) => {
      await readRequest(connection);
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
      await turn();
      connection.destroy();
    });
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [broken] });
    const client = mesh.connect().write("GET / HTTP/1.0\r\n\r\n");
    const error = once(client.socket, "error");
    await client.until("half");
    expect(await error).toMatchObject([{ code: "ECONNRESET" }]);
  });

  test("nor to a raw client", async () => {
    const broken = await serving(async (connection) => {
      connection.write("half");
      await connection.until("go");
      connection.socket.resetAndDestroy();
    });
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [broken] }, [], { protocol: "tcp" });
    const client = mesh.connect();
    const error = once(client.socket, "error");
    await client.until("half");
    client.write("go");
    expect(await error).toMatchObject([{ code: "ECONNRESET" }]);
  });
});
