import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { keeping } from "../support/keeping.ts";
import { Backend, freeAddress, MeshHarness, ok, type RawClient, readRequest } from "../support/mesh-harness.ts";

const keep = keeping();

const GET = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: web\r\n\r\n`;
const POST = (content: string): string =>
  `POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${content.length}\r\n\r\n${content}`;
const nobody = () => ({ address: freeAddress(), port: 8080 });
const serving = async (serve: (connection: RawClient, number: number) => Promise<void>): Promise<Backend> =>
  keep(await Backend.start(serve));
const saying = async (content: string): Promise<Backend> => keep(await Backend.answering(() => ok(content)));
const meshOf = async (...backends: readonly { address: string; port: number }[]): Promise<MeshHarness> => {
  const mesh = keep(new MeshHarness());
  await mesh.apply({ web: backends });
  return mesh;
};

describe("an endpoint that cannot be reached", () => {
  test.each([GET(), POST("x")])("another one is asked, whatever the method: %j", async (request) => {
    const mesh = await meshOf(nobody(), nobody(), await saying("b"));
    for (let i = 0; i < 5; i++) expect(await mesh.exchange(request)).toMatch(/\r\n\r\nb$/);
  });

  test("none can: 503, and the log says why", async () => {
    const mesh = await meshOf(nobody(), nobody());
    expect(await mesh.exchange(GET())).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable[^]*sluice: no endpoint can be reached\n$/,
    );
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 503, reason: "refused", attempts: 2 });
  });

  test("there is none: 503", async () => {
    const mesh = await meshOf();
    expect(await mesh.exchange(GET())).toMatch(/^HTTP\/1\.1 503 [^]*sluice: no endpoint is ready\n$/);
  });

  test("it is left out after three refusals", async () => {
    const mesh = await meshOf(nobody(), await saying("b"));
    for (let i = 0; i < 40; i++) await mesh.exchange(GET());
    expect(mesh.dataplane.metrics.refused).toBe(3);
  });
});

describe("a connection that is closed without an answer", () => {
  /** Answers once on each connection, then closes it when the next request comes. */
  const forgetful = (): Promise<Backend> =>
    serving(async (connection, number) => {
      await readRequest(connection);
      connection.write(ok(String(number)));
      await readRequest(connection);
      connection.destroy();
    });

  test("the usual race on a used connection: the request goes out again on a fresh one", async () => {
    const mesh = await meshOf(await forgetful());
    const client = mesh.connect();
    for (const i of [1, 2, 3]) expect((await client.write(GET()).response()).content).toBe(String(i));
    expect(mesh.log.map((request) => request.attempts)).toEqual([1, 2, 2]);
    client.destroy();
  });

  test("… but not what must not be done twice", async () => {
    const mesh = await meshOf(await forgetful());
    const client = mesh.connect();
    await client.write(GET()).response();
    expect((await client.write(POST("x")).response()).status).toBe(502);
    client.destroy();
  });

  test("… which gets a fresh connection when the used one has been waiting", async () => {
    const clock = new FakeClock();
    const mesh = keep(new MeshHarness({ clock }));
    await mesh.apply({ web: [await forgetful()] });
    const client = mesh.connect();
    await client.write(GET()).response();
    await clock.advance(600);
    expect((await client.write(POST("x")).response()).content).toBe("2");
    client.destroy();
  });

  test("a crash under way: an idempotent request is answered by another endpoint", async () => {
    const crashing = await serving(async (connection) => {
      await readRequest(connection);
      connection.destroy();
    });
    const mesh = await meshOf(crashing, await saying("b"));
    for (let i = 0; i < 20; i++) expect(await mesh.exchange(GET())).toMatch(/\r\n\r\nb$/);
    for (let i = 0; i < 20; i++) expect(await mesh.exchange(POST("x"))).toMatch(/\r\n\r\nb$|^HTTP\/1\.1 502/);
  });

  test("content is sent again, whatever its framing", async () => {
    let crashes = 0;
    const crashing = await serving(async (connection) => {
      await readRequest(connection);
      crashes++;
      connection.destroy();
    });
    const echo = keep(await Backend.answering(({ content }) => ok(content)));
    const mesh = await meshOf(crashing, echo);
    const chunked =
      "PUT / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";
    for (let i = 0; i < 20; i++)
      expect(await mesh.exchange(chunked)).toMatch(/\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n$/);
    expect(crashes).toBeGreaterThan(0);
  });

  test("content that waited for a connection goes on over another one", async () => {
    const echo = keep(await Backend.answering(({ content }) => ok(String(content.length))));
    const mesh = await meshOf(echo);
    await mesh.exchange(GET());
    const content = "x".repeat(300_000);
    const put = `PUT / HTTP/1.1\r\nHost: web\r\nContent-Length: ${content.length}\r\n\r\n${content}`;
    for (let i = 0; i < 20; i++) {
      await mesh.apply({ web: [nobody(), echo] });
      expect(await mesh.exchange(put)).toMatch(/\r\n\r\n300000$/);
    }
    expect(mesh.dataplane.metrics.refused).toBeGreaterThan(0);
  });

  test("more content than is kept is not sent again", async () => {
    const crashing = await serving(async (connection) => {
      await connection.take(70_000);
      connection.destroy();
    });
    const mesh = await meshOf(crashing);
    const content = "x".repeat(100_000);
    const client = mesh
      .connect()
      .write(`PUT / HTTP/1.1\r\nHost: web\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
    expect((await client.response()).status).toBe(502);
    client.destroy();
  });
});

describe("time", () => {
  const silent = (): Promise<Backend> => serving(async (connection) => void (await connection.rest()));

  test("no answer within the timeout of the rule: 504", async () => {
    const clock = new FakeClock();
    const mesh = keep(new MeshHarness({ clock }));
    await mesh.apply({ web: [await silent()] }, [
      { backends: [{ backend: "test/web:80", weight: 1, filters: [] }], timeouts: { backend: 500 } },
    ]);
    const client = mesh.connect().write(GET());
    await forwarded(mesh);
    await clock.advance(600);
    expect(await client.response()).toMatchObject({ status: 504, content: "sluice: there was no answer in time\n" });
    client.destroy();
  });

  test("a request timeout cuts an answer that goes on too long", async () => {
    const clock = new FakeClock();
    const mesh = keep(new MeshHarness({ clock }));
    const slow = await serving(async (connection) => {
      await readRequest(connection);
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      await connection.rest();
    });
    await mesh.apply({ web: [slow] }, [
      { backends: [{ backend: "test/web:80", weight: 1, filters: [] }], timeouts: { request: 1_000 } },
    ]);
    const client = mesh.connect().write(GET());
    await client.until("half");
    await clock.advance(1_100);
    await client.rest();
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 200, reason: "timeout" });
  });

  /** Resolves when a backend has the request. */
  const forwarded = async (mesh: MeshHarness): Promise<void> => {
    while (mesh.dataplane.metrics.connects === 0) await new Promise((resolve) => setImmediate(resolve));
  };
});

describe("endpoints come and go under load", () => {
  test("no request fails while they are replaced over and over", async () => {
    const backends = [await saying("a"), await saying("b"), await saying("c")];
    const mesh = await meshOf(...backends.slice(0, 2));
    let stop = false;
    const load = Array.from({ length: 8 }, async () => {
      let sent = 0;
      const client = mesh.connect();
      while (!stop) {
        expect((await client.write(sent++ % 3 === 0 ? POST("x") : GET()).response()).status).toBe(200);
      }
      client.destroy();
      return sent;
    });
    for (let i = 0; i < 200; i++) {
      await mesh.apply({ web: backends.filter((_, k) => k !== i % 3) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop = true;
    const sent = (await Promise.all(load)).reduce((a, b) => a + b);
    expect(sent).toBeGreaterThan(200);
    expect(mesh.log.filter((request) => request.status !== 200)).toEqual([]);
    expect(mesh.dataplane.draining).toEqual([]);
  });

  test("requests in flight on an endpoint that is gone are drained, and nothing new goes there", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const old = await serving(async (connection) => {
      await readRequest(connection);
      asked.resolve();
      await answer.promise;
      connection.write(ok("old"));
      await connection.rest();
    });
    const mesh = await meshOf(old);
    const client = mesh.connect().write(GET());
    await asked.promise;
    await mesh.apply({ web: [await saying("new")] });
    expect(mesh.dataplane.draining).toEqual([{ address: old.address, requests: 1 }]);
    expect(await mesh.exchange(GET())).toMatch(/new$/);
    answer.resolve();
    expect((await client.response()).content).toBe("old");
    expect(mesh.dataplane.draining).toEqual([]);
    expect((await client.write(GET()).response()).content).toBe("new");
    client.destroy();
  });

  test("a listener that goes answers what it has, tells its clients to go, and accepts nobody", async () => {
    const mesh = await meshOf(await saying("a"));
    const client = mesh.connect();
    await client.write(GET()).response();
    const drained = mesh.dataplane.drain();
    const last = await client.write(GET()).response();
    expect(last.head).toMatch(/\r\nConnection: close\r\n/);
    await client.end().rest();
    await drained;
    await new Promise<void>((resolve) => connect(mesh.port, mesh.address).on("error", () => resolve()));
  });
});

describe("raw connections", () => {
  test("bytes both ways, each side ends by itself", async () => {
    const server = await serving(async (connection) => {
      connection.write("220 hello\r\n");
      expect(await connection.until("QUIT\r\n")).toBe("QUIT\r\n");
      connection.end("221 bye\r\n");
      expect(await connection.rest()).toBe("more");
    });
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [server] }, [], { protocol: "tcp" });
    const client = mesh.connect();
    await client.until("220 hello\r\n");
    client.write("QUIT\r\n");
    expect(await client.rest()).toBe("221 bye\r\n");
    client.end("more");
    await server.connections[0]?.rest();
  });

  test("another endpoint when one refuses", async () => {
    const server = await serving(async (connection) => void connection.end("here"));
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [nobody(), nobody(), server] }, [], { protocol: "tcp" });
    for (let i = 0; i < 5; i++) expect(await mesh.connect().rest()).toBe("here");
  });

  test("closed when there are as many as one backend may have", async () => {
    const mesh = keep(new MeshHarness({ limits: { connections: 4 } }));
    const server = await serving(async (connection) => void connection.write("hello\r\n"));
    await mesh.apply({ web: [server] }, [], { protocol: "tcp" });
    const clients = [mesh.connect(), mesh.connect()];
    for (const client of clients) await client.until("\r\n");
    expect(await mesh.connect().rest()).toBe("");
    for (const client of clients) client.destroy();
  });

  test("closed when there is none", async () => {
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [] }, [], { protocol: "tcp" });
    expect(await mesh.connect().rest()).toBe("");
  });

  test("an undeclared port: HTTP by its first bytes, even when they come one by one", async () => {
    const mesh = keep(new MeshHarness({ clock: new FakeClock() }));
    await mesh.apply({ web: [keep(await Backend.answering(({ head }) => ok(head)))] }, [], { protocol: "detect" });
    const client = mesh.connect();
    for (const byte of GET("/x")) {
      client.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.response()).content).toMatch(/Via: 1\.1 sluice/);
    client.destroy();
  });

  test("an undeclared port: bytes when they are none of HTTP", async () => {
    const server = await serving(async (connection) => void connection.write(`got ${await connection.until("\r\n")}`));
    const mesh = keep(new MeshHarness({ clock: new FakeClock() }));
    await mesh.apply({ web: [server] }, [], { protocol: "detect" });
    const client = mesh.connect().write("PING\r\n");
    expect(await client.until("\r\n")).toBe("got PING\r\n");
    client.destroy();
  });

  test("an undeclared port: a client that waits for the server's first word gets it", async () => {
    const clock = new FakeClock();
    const server = await serving(async (connection) => void connection.write("220 hello\r\n"));
    const mesh = keep(new MeshHarness({ clock }));
    await mesh.apply({ web: [server] }, [], { protocol: "detect" });
    const client = mesh.connect();
    while (clock.pending < 2) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(50);
    expect(await client.until("\r\n")).toBe("220 hello\r\n");
    client.destroy();
  });

  test("an undeclared port: HTTP from a client that was slow to speak, and the server heard nothing before", async () => {
    const clock = new FakeClock();
    const server = keep(await Backend.answering(({ head }) => ok(head)));
    const mesh = keep(new MeshHarness({ clock }));
    await mesh.apply({ web: [server] }, [], { protocol: "detect" });
    const client = mesh.connect();
    while (clock.pending < 2) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(50);
    while (server.connections.length < 1) await new Promise((resolve) => setImmediate(resolve));
    const { content } = await client.write("GE").write(GET("/x").slice(2)).response();
    expect(content).toMatch(/^GET \/x [^]*Via: 1\.1 sluice/);
    expect(await server.connections[0]?.rest()).toBe("");
    expect(mesh.dataplane.gauges["requests_in_flight"]).toBe(0);
    client.destroy();
  });

  test("an unused raw connection does not hold up the end of its listener", async () => {
    const clock = new FakeClock();
    const server = await serving(async (connection) => void connection.write("220 hello\r\n"));
    const mesh = keep(new MeshHarness({ clock }));
    await mesh.apply({ web: [server] }, [], { protocol: "tcp" });
    const client = mesh.connect();
    await client.until("\r\n");
    const drained = mesh.dataplane.drain();
    await clock.advance(4_900);
    expect(client.closed).toBe(false);
    await clock.advance(200);
    expect(await client.rest()).toBe("");
    await drained;
  });
});
