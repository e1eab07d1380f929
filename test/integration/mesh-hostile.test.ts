import { describe, expect, test } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { keeping } from "../support/keeping.ts";
import { Backend, MeshHarness, ok, type RawClient, readRequest } from "../support/mesh-harness.ts";

/** Clients and backends that take time, memory or connections as if they were theirs. */
const keep = keeping();

const serving = async (serve: (connection: RawClient, number: number) => Promise<void>): Promise<Backend> =>
  keep(await Backend.start(serve));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await turn();
};

async function meshWith(clock: FakeClock, backend?: Backend): Promise<MeshHarness> {
  const mesh = keep(new MeshHarness({ clock }));
  await mesh.apply({ web: [backend ?? keep(await Backend.answering(() => ok("x")))] });
  return mesh;
}

/** Waits until the mesh has accepted a connection: its first deadline is then set. */
const accepted = (mesh: MeshHarness, count = 1): Promise<void> =>
  until(() => (mesh.dataplane.gauges["client_connections"] ?? 0) >= count);

describe("slow clients", () => {
  test("a connection that says nothing is closed", async () => {
    const clock = new FakeClock();
    const mesh = await meshWith(clock);
    const client = mesh.connect();
    await accepted(mesh);
    await clock.advance(10_100);
    expect(await client.rest()).toBe("");
  });

  test("a head that comes byte by byte has ten seconds, however busy the client is", async () => {
    const clock = new FakeClock();
    const mesh = await meshWith(clock);
    const client = mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n");
    await accepted(mesh);
    for (let i = 0; i < 25 && !client.closed; i++) {
      client.write(`X-${i}: y\r\n`);
      await turn();
      await clock.advance(500);
    }
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 408 Request Timeout/);
  });

  test("so has the next head on a connection that was used", async () => {
    const clock = new FakeClock();
    const mesh = await meshWith(clock);
    const client = mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    await client.response();
    await clock.advance(60_000);
    client.write("GET / HTTP/1.1\r\n");
    await until(() => mesh.log.length === 1);
    for (let i = 0; i < 5; i++) await turn();
    await clock.advance(10_100);
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 408/);
  });

  test("a connection without a request is closed after two minutes", async () => {
    const clock = new FakeClock();
    const mesh = await meshWith(clock);
    const client = mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    await client.response();
    await clock.advance(119_000);
    expect(client.closed).toBe(false);
    await clock.advance(2_000);
    expect(await client.rest()).toBe("");
  });

  test("content that does not come: 408, and the backend is let go", async () => {
    const clock = new FakeClock();
    const ended = Promise.withResolvers<void>();
    const backend = await serving(async (connection) => {
      await connection.until("\r\n\r\n");
      await connection.rest();
      ended.resolve();
    });
    const mesh = await meshWith(clock, backend);
    const client = mesh.connect().write("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 100\r\n\r\nabc");
    await until(() => mesh.dataplane.gauges["requests_in_flight"] === 1);
    await turn();
    await clock.advance(30_100);
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 408 /);
    await ended.promise;
    expect(mesh.dataplane.gauges["requests_in_flight"]).toBe(0);
  });

  test("a client that never reads stops the backend: memory stays bounded", async () => {
    let written = 0;
    const piece = "x".repeat(65_536);
    const backend = await serving(async (connection) => {
      await readRequest(connection);
      connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${1e9}\r\n\r\n`);
      for (let i = 0; i < 2_000; i++) {
        if (!connection.socket.write(piece)) await new Promise((resolve) => connection.socket.once("drain", resolve));
        written += piece.length;
      }
    });
    const mesh = await meshWith(new FakeClock(), backend);
    const client = mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    client.socket.pause();
    let before = -1;
    // Until nothing moves any more: the kernel's buffers on both sides are full.
    for (let quiet = 0; quiet < 200; quiet = written === before ? quiet + 1 : 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(written).toBeLessThan(40e6);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(60e6);
    client.destroy();
    await until(() => mesh.dataplane.gauges["requests_in_flight"] === 0);
  });

  test("a backend that never reads stops the client", async () => {
    const backend = await serving(async (connection) => {
      connection.socket.pause();
      await new Promise((resolve) => connection.socket.once("close", resolve));
    });
    const clock = new FakeClock();
    const mesh = await meshWith(clock, backend);
    const client = mesh.connect();
    client.write(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${1e9}\r\n\r\n`);
    const piece = "x".repeat(65_536);
    let quiet = 0;
    let before = -1;
    for (let i = 0; i < 5_000 && quiet < 200; i++) {
      if (!client.socket.writableNeedDrain) client.write(piece);
      const sent = client.socket.bytesWritten - client.socket.writableLength;
      quiet = sent === before ? quiet + 1 : 0;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(before).toBeLessThan(40e6);
    await clock.advance(301_000);
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 504 });
    client.destroy();
    await until(() => mesh.dataplane.gauges["requests_in_flight"] === 0);
  });

  test("a client that sends requests and never reads the answers is not read on", async () => {
    const mesh = keep(new MeshHarness({ clock: new FakeClock() }));
    await mesh.apply({ web: [] });
    const client = mesh.connect();
    client.socket.pause();
    const requests = "GET / HTTP/1.1\r\nHost: web\r\n\r\n".repeat(1_000);
    let quiet = 0;
    let before = -1;
    for (let i = 0; i < 20_000 && quiet < 200; i++) {
      if (!client.socket.writableNeedDrain) client.write(requests);
      quiet = mesh.log.length === before ? quiet + 1 : 0;
      before = mesh.log.length;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(quiet).toBe(200);
    client.destroy();
  });
});

describe("large heads", () => {
  const cases: readonly [string, string, number][] = [
    ["one long field", `GET / HTTP/1.1\r\nHost: web\r\nX: ${"y".repeat(40_000)}\r\n\r\n`, 431],
    ["many fields", `GET / HTTP/1.1\r\nHost: web\r\n${"X: y\r\n".repeat(200)}\r\n`, 431],
    ["a long target", `GET /${"y".repeat(9_000)} HTTP/1.1\r\nHost: web\r\n\r\n`, 414],
    ["a long method", "G".repeat(50_000), 431],
  ];
  test.each(cases)("%s", async (_, request, status) => {
    const mesh = await meshWith(new FakeClock());
    expect((await mesh.exchange(request)).slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
  });

  test("an endless head is cut at 32 KiB", async () => {
    const mesh = await meshWith(new FakeClock());
    const client = mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n");
    let sent = 0;
    while (!client.closed && sent < 1e6) {
      client.write("X: ".padEnd(1_000, "y"));
      sent += 1_000;
      await turn();
    }
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 (431|400)/);
    expect(sent).toBeLessThan(200_000);
  });

  test("an endless head of an answer: 502", async () => {
    const backend = await serving(async (connection) => {
      await readRequest(connection);
      connection.write("HTTP/1.1 200 OK\r\n");
      for (let i = 0; i < 200 && !connection.closed; i++) {
        connection.write(`X: ${"y".repeat(1_000)}`);
        await turn();
      }
    });
    const mesh = await meshWith(new FakeClock(), backend);
    expect(await mesh.exchange("GET / HTTP/1.1\r\nHost: web\r\n\r\n")).toMatch(/^HTTP\/1\.1 502/);
  });
});

describe("clients that go away", () => {
  test("while the answer is awaited: the backend is let go, nothing is counted", async () => {
    const ended = Promise.withResolvers<void>();
    const backend = await serving(async (connection) => {
      await readRequest(connection);
      await connection.rest();
      ended.resolve();
    });
    const mesh = await meshWith(new FakeClock(), backend);
    const client = mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    await until(() => mesh.dataplane.gauges["requests_in_flight"] === 1);
    client.socket.resetAndDestroy();
    await ended.promise;
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 499, reason: "the client went away" });
    expect(mesh.dataplane.gauges["requests_in_flight"]).toBe(0);
  });

  test("in the middle of its content", async () => {
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const backend = await serving(async (connection) => {
      await connection.until("\r\n\r\nabc");
      begun.resolve();
      await connection.rest();
      ended.resolve();
    });
    const mesh = await meshWith(new FakeClock(), backend);
    const client = mesh.connect().write("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\nabc");
    await begun.promise;
    await client.end().rest();
    await ended.promise;
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 499 });
  });

  test("more connections than there may be are turned away, those that are served go on", async () => {
    const mesh = keep(new MeshHarness({ clock: new FakeClock(), limits: { connections: 2 } }));
    await mesh.apply({ web: [keep(await Backend.answering(() => ok("x")))] });
    const served = [mesh.connect(), mesh.connect()];
    await accepted(mesh, 2);
    expect(await mesh.exchange("GET / HTTP/1.1\r\nHost: web\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/,
    );
    for (const client of served)
      expect((await client.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n").response()).content).toBe("x");
    for (const client of served) client.destroy();
  });

  test("those of one backend that hangs leave room for the others", async () => {
    const mesh = keep(new MeshHarness({ clock: new FakeClock(), limits: { connections: 10 } }));
    const [hanging, well] = [
      await serving(async (c) => void (await c.rest())),
      keep(await Backend.answering(() => ok("x"))),
    ];
    const backends = ["hangs", "well"].map((name) => [{ backend: `test/${name}:80`, weight: 1, filters: [] }]);
    await mesh.apply(
      { web: [], hangs: [hanging], well: [well] },
      backends.map((to) => ({ backends: to })),
      {
        matches: ["/hangs", "/well"].map((value, rule) => ({
          match: { path: { type: "PathPrefix", value }, headers: [], query: [] },
          rule,
        })),
      },
    );
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: web\r\n\r\n`;
    const waiting = Array.from({ length: 5 }, () => mesh.connect().write(get("/hangs")));
    await until(() => mesh.dataplane.gauges["requests_in_flight"] === 5);
    expect(await mesh.exchange(get("/hangs"))).toMatch(
      /^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n[^]*too many requests wait/,
    );
    expect(await mesh.exchange(get("/well"))).toMatch(/\r\n\r\nx$/);
    for (const client of waiting) client.destroy();
  });

  test("a thousand connections that come and go leave nothing behind", async () => {
    const mesh = await meshWith(new FakeClock());
    for (let i = 0; i < 20; i++) {
      const clients = Array.from({ length: 50 }, () => mesh.connect().write("GET / HTTP/1.1\r\nHost: web\r\n\r\n"));
      await Promise.all(clients.map((client) => client.response()));
      for (const client of clients) client.destroy();
    }
    await until(() => mesh.dataplane.gauges["client_connections"] === 0);
    expect(mesh.dataplane.gauges["requests_in_flight"]).toBe(0);
    expect(mesh.log.filter((request) => request.status !== 200)).toEqual([]);
  });
});
