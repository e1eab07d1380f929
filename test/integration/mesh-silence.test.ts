import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Rule } from "../../src/plan/routing/snapshot.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Backend, MeshHarness, ok, type RawClient, readRequest } from "../support/mesh-harness.ts";

/** What counts of a request that is not answered: when the backend is silent, and when the client is. */
const [STABLE, NEW] = ["test/web-stable:80", "test/web-new:80"];
const GET = "GET /a/1 HTTP/1.1\r\nHost: web\r\n\r\n";

let clock: FakeClock;
let mesh: MeshHarness;
let stable: Backend;
/** What each version does with a request that it has read. */
type Serve = (connection: RawClient) => Promise<void>;
let serveStable: Serve;
let serveNew: Serve;
const open: AsyncDisposable[] = [];
const silent: Serve = async (connection) => void (await connection.rest());
const answering =
  (content: string): Serve =>
  async (connection) =>
    void connection.write(ok(content));
const after =
  (time: number, content: string): Serve =>
  async (connection) => {
    await new Promise<void>((resolve) => clock.after(time, resolve));
    connection.write(ok(content));
  };

beforeEach(async () => {
  clock = new FakeClock();
  mesh = new MeshHarness({ clock });
  [serveStable, serveNew] = [answering("stable"), silent];
  const start = (serve: () => Serve): Promise<Backend> =>
    Backend.start(async (connection) => {
      while (!connection.closed) {
        await readRequest(connection);
        await serve()(connection);
      }
    });
  stable = await start(() => serveStable);
  const fresh = await start(() => serveNew);
  open.push(mesh, stable, fresh);
  await mesh.apply({ web: [], "web-stable": [stable], "web-new": [fresh] }, [rule(0)]);
});
afterEach(async () => {
  for (const thing of open.splice(0)) await thing[Symbol.asyncDispose]();
});

const rule = (weight: number, retryOnStable = false): Partial<Rule> => ({
  id: "test/web/release",
  backends: [
    { backend: STABLE, weight: 100 - weight, filters: [] },
    { backend: NEW, weight, filters: [] },
  ],
  release: { session: "web-1.1", stable: STABLE, new: NEW, retryOnStable },
});
const weigh = async (weight: number, retryOnStable = false): Promise<void> => {
  const endpoints = open.slice(1) as Backend[];
  await mesh.apply({ web: [], "web-stable": endpoints.slice(0, 1), "web-new": endpoints.slice(1) }, [
    rule(weight, retryOnStable),
  ]);
};
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
/** Resolves when a backend waits for the clock, or has what the client sent. */
const underWay = async (): Promise<void> => {
  await until(() => mesh.dataplane.gauges["requests_in_flight"] === 1);
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
};
/** Lets the old version answer `count` requests, each after `time`: what is usual. */
async function teach(count: number, time: number, request = GET): Promise<void> {
  await weigh(0);
  serveStable = after(time, "stable");
  const client = mesh.connect();
  for (let i = 0; i < count; i++) {
    client.write(request);
    await underWay();
    await clock.advance(time);
    await client.response();
  }
  client.destroy();
  serveStable = answering("stable");
}
const failures = () =>
  mesh.ledger.report().failures.map((row) => `${row.backend} ${row.endpoint} ${row.failures}/${row.retried}`);
const hit = () =>
  mesh.ledger
    .report()
    .users.filter((row) => row.backend === NEW)
    .map((row) => row.hit?.length ?? 0);
const leave = async (client: RawClient): Promise<void> => {
  const before = mesh.log.length;
  client.socket.resetAndDestroy();
  await mesh.logged(before + 1);
};

describe("a version that hangs", () => {
  beforeEach(() => teach(10, 100));

  test("has failed after three seconds, however patient the client is", async () => {
    await weigh(100);
    const client = mesh.connect().write(GET);
    await underWay();
    await clock.advance(2_900);
    expect(failures()).toEqual([]);
    await clock.advance(200);
    expect([failures(), hit()]).toEqual([[`${NEW} GET /a/{id} 1/0`], [1]]);
    expect(mesh.told).toMatchObject([{ kind: "failures", count: { new: 1, old: 0 } }]);
    await clock.advance(300_000);
    expect((await client.response()).status).toBe(504);
    expect([failures(), hit()]).toEqual([[`${NEW} GET /a/{id} 1/0`], [1]]);
    client.destroy();
  });

  test("is relieved of what the old version can answer", async () => {
    await weigh(100, true);
    const client = mesh.connect().write(GET);
    await underWay();
    await clock.advance(3_100);
    expect((await client.response()).content).toBe("stable");
    expect([failures(), hit()]).toEqual([[`${NEW} GET /a/{id} 1/1`], [0]]);
    expect(mesh.dataplane.gauges["requests_in_flight"]).toBe(0);
    client.destroy();
  });

  test("may still answer what must not be done twice, too late for its user", async () => {
    const post = "POST /a/1 HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx";
    await teach(10, 100, post);
    serveNew = after(5_000, "late");
    await weigh(100, true);
    const client = mesh.connect().write(post);
    await underWay();
    await clock.advance(5_000);
    expect((await client.response()).content).toBe("late");
    expect([failures(), hit()]).toEqual([[`${NEW} POST /a/{id} 1/0`], [1]]);
    expect(mesh.log.at(-1)).toMatchObject({ status: 200, reason: "overdue" });
    client.destroy();
  });

  test("in the middle of an answer has failed as well", async () => {
    serveNew = async (connection) => {
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
      await connection.rest();
    };
    await weigh(100, true);
    const client = mesh.connect().write(GET);
    await client.until("half");
    await clock.advance(3_100);
    await leave(client);
    expect([failures(), hit()]).toEqual([[`${NEW} GET /a/{id} 1/0`], [1]]);
  });

  test("unless it is a stream of events, which may be silent", async () => {
    serveNew = async (connection) => {
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n");
      await connection.rest();
    };
    await weigh(100);
    const client = mesh.connect().write(GET);
    await client.until("data: x");
    await clock.advance(30_000);
    await leave(client);
    expect(failures()).toEqual([]);
  });

  test("and never says 100 Continue has failed, too", async () => {
    await teach(10, 100, "PUT /a/1 HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx");
    await weigh(100);
    const client = mesh
      .connect()
      .write("PUT /a/1 HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    await underWay();
    await clock.advance(3_100);
    expect(failures()).toEqual([`${NEW} PUT /a/{id} 1/0`]);
    client.destroy();
  });

  test("is withdrawn by clients that give up soon", async () => {
    mesh.gatekeeper.setTrip("test/web", {
      session: "web-1.1",
      backend: NEW,
      since: [],
      limits: [{ failures: [3] }],
    });
    await weigh(100);
    for (let i = 0; i < 3; i++) {
      const client = mesh.connect().write(GET);
      await underWay();
      await clock.advance(200);
      await leave(client);
    }
    expect(failures()).toEqual([`${NEW} GET /a/{id} 3/0`]);
    expect(mesh.trips).toMatchObject([{ session: "web-1.1", new: 3, old: 0 }]);
    expect(await mesh.exchange(GET)).toMatch(/stable$/);
  });

  test("is the old one: measured alike", async () => {
    serveStable = silent;
    const client = mesh.connect().write(GET);
    await underWay();
    await clock.advance(3_100);
    await leave(client);
    expect(failures()).toEqual([`${STABLE} GET /a/{id} 1/0`]);
    expect(mesh.told).toMatchObject([{ count: { new: 0, old: 1 } }]);
  });
});

describe("what is usual for the old version", () => {
  test("is not known at first: a minute", async () => {
    await weigh(100);
    const client = mesh.connect().write(GET);
    await underWay();
    await clock.advance(59_000);
    expect(failures()).toEqual([]);
    await clock.advance(1_100);
    expect(failures()).toEqual([`${NEW} GET /a/{id} 1/0`]);
    client.destroy();
  });

  test("decides from when on a request is overdue", async () => {
    await teach(20, 1_000);
    await weigh(100);
    const client = mesh.connect().write(GET);
    await underWay();
    await clock.advance(5_000);
    expect(failures()).toEqual([]);
    await clock.advance(200);
    expect(failures()).toEqual([`${NEW} GET /a/{id} 1/0`]);
    client.destroy();
  });

  test("decides from when on a client had reason to give up", async () => {
    await teach(20, 1_000);
    for (const weight of [0, 100]) {
      await weigh(weight);
      serveStable = silent;
      const client = mesh.connect().write(GET);
      await underWay();
      await clock.advance(900);
      await leave(client);
    }
    expect(failures()).toEqual([]);
    expect(mesh.ledger.report().requests.map((row) => [row.backend, row.drawn, row.requests])).toEqual([
      [STABLE, 21, 20],
      [NEW, 1, 0],
    ]);
  });
});

describe("a client that is slow", () => {
  test("with its content is no failure of anybody", async () => {
    await weigh(100);
    serveNew = answering("new");
    const client = mesh.connect().write("POST /a/1 HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nx");
    await underWay();
    await clock.advance(20_000);
    client.write("y");
    await underWay();
    await clock.advance(20_000);
    expect((await client.write("z").response()).content).toBe("new");
    expect(failures()).toEqual([]);
    client.destroy();
  });

  test("and goes away before its request is complete is none either", async () => {
    await weigh(100);
    const client = mesh.connect().write("POST /a/1 HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nx");
    await underWay();
    await clock.advance(20_000);
    await leave(client);
    expect(failures()).toEqual([]);
  });

  test("to read is cut off after five minutes, and it is nobody's failure", async () => {
    serveNew = async (connection) => {
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${1e8}\r\n\r\n`);
      for (let i = 0; i < 1_000 && !connection.closed; i++) {
        if (connection.socket.write("x".repeat(65_536))) continue;
        await Promise.race([
          new Promise((resolve) => connection.socket.once("drain", resolve)),
          new Promise((resolve) => connection.socket.once("close", resolve)),
        ]);
      }
    };
    await weigh(100);
    const client = mesh.connect();
    client.socket.pause();
    client.write(GET);
    await underWay();
    // Until the kernel's buffers are full, and nothing moves any more.
    for (let quiet = 0, before = -1; quiet < 100; ) {
      const now = open.length > 2 ? (open[2] as Backend).connections[0]?.socket.bytesWritten : 0;
      quiet = now === before ? quiet + 1 : 0;
      before = now ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await clock.advance(301_000);
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 200, reason: "the client does not read the answer" });
    expect(failures()).toEqual([]);
    client.destroy();
  });
});
