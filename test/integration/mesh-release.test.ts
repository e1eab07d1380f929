import { describe, expect, test } from "vitest";
import { countUsers, readSketch } from "../../src/lib/user-sketch.ts";
import type { Rule } from "../../src/plan/routing/snapshot.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { keeping } from "../support/keeping.ts";
import { Backend, freeAddress, MeshHarness, ok, type Request, readRequest } from "../support/mesh-harness.ts";
import { seededRandom } from "../support/seeded-random.ts";

const keep = keeping();

const [STABLE, NEW] = ["test/web-stable:80", "test/web-new:80"];
const FAILED = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nbad";

const rule = (
  weight: number,
  release: Partial<NonNullable<Rule["release"]>> = {},
  more: Partial<Rule> = {},
): Partial<Rule> => ({
  id: "test/web/release",
  backends: [
    { backend: STABLE, weight: 100 - weight, filters: [] },
    { backend: NEW, weight, filters: [] },
  ],
  release: { session: "web-1.1", stable: STABLE, new: NEW, retryOnStable: true, ...release },
  ...more,
});

interface World {
  readonly mesh: MeshHarness;
  readonly release: (...rules: readonly Partial<Rule>[]) => Promise<void>;
  readonly send: (request?: string) => Promise<string>;
}

/** A release between a stable version that says `stable` and a new one that answers as told. */
async function world(
  answerOfNew: (request: Request) => string,
  options: { withoutNew?: boolean; leavingNew?: boolean; withoutStable?: boolean; answerOfStable?: string } = {},
): Promise<World> {
  const stable = keep(await Backend.answering(() => options.answerOfStable ?? ok("stable")));
  const fresh = keep(await Backend.answering(answerOfNew));
  const mesh = keep(new MeshHarness({ random: seededRandom(11) }));
  const { address, port } = fresh;
  const backends = {
    web: [stable],
    "web-stable": options.withoutStable ? [] : [stable],
    "web-new": options.withoutNew ? [] : [options.leavingNew ? { address, port, terminating: true as const } : fresh],
  };
  return {
    mesh,
    release: (...rules) => mesh.apply(backends, rules),
    send: (request = "GET /a/1 HTTP/1.1\r\nHost: web\r\n\r\n") => mesh.exchange(request),
  };
}

const counts = (mesh: MeshHarness) => {
  const { requests, failures, users } = mesh.ledger.report();
  return {
    requests: Object.fromEntries(requests.map((row) => [`${row.backend}@${row.w}`, row.requests])),
    drawn: Object.fromEntries(requests.map((row) => [`${row.backend}@${row.w}`, row.drawn])),
    failures: failures.map((row) => `${row.backend}@${row.w} ${row.endpoint} ${row.failures}/${row.retried}`),
    hit: Object.fromEntries(users.map((row) => [row.backend, row.hit?.length])),
  };
};

describe("the draw", () => {
  test("gives each version its share, and counts each request under the chance that was in force", async () => {
    const { mesh, release } = await world(() => ok("new"));
    await release(rule(1));
    const client = mesh.connect();
    const seen = new Map<number, { fresh: number; all: number }>();
    // The weights change every twenty requests.
    for (let round = 0; round < 120; round++) {
      const weight = [1, 5, 25, 50][round % 4] ?? 0;
      await release(rule(weight));
      const count = seen.get(weight) ?? { fresh: 0, all: 0 };
      for (let i = 0; i < 20; i++) {
        const { content } = await client.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n").response();
        count.all++;
        if (content === "new") count.fresh++;
      }
      seen.set(weight, count);
    }
    client.destroy();
    for (const [weight, { fresh, all }] of seen) {
      const p = weight / 100;
      expect(Math.abs(fresh - all * p)).toBeLessThanOrEqual(3 * Math.sqrt(all * p * (1 - p)) + 1);
      const { requests, drawn } = counts(mesh);
      expect([requests[`${NEW}@${p}`] ?? 0, requests[`${STABLE}@${p}`]]).toEqual([fresh, all - fresh]);
      expect(drawn).toEqual(requests);
    }
  });

  test("w is among the two versions, to six digits", async () => {
    const { mesh, release, send } = await world(() => ok("new"));
    await release({
      ...rule(0),
      backends: [
        { backend: STABLE, weight: 999_999, filters: [] },
        { backend: NEW, weight: 1, filters: [] },
        { backend: "test/web:80", weight: 0, filters: [] },
      ],
    });
    await send();
    expect(Object.keys(counts(mesh).requests)).toEqual([`${STABLE}@0.000001`]);
  });

  test("between sessions nothing is counted", async () => {
    const { mesh, release, send } = await world(() => ok("new"));
    const { session: _, ...atRest } = rule(0).release ?? { stable: STABLE, new: NEW, retryOnStable: true };
    await release({ ...rule(0), release: atRest });
    expect(await send()).toMatch(/stable$/);
    expect(mesh.ledger.report()).toEqual({ requests: [], failures: [], users: [] });
  });

  test("testers go by a rule of their own and are not counted", async () => {
    const { mesh, release, send } = await world(() => ok("new"));
    await release(rule(0));
    await mesh.apply(
      { web: [], "web-stable": [], "web-new": [keep(await Backend.answering(() => ok("tested")))] },
      [{ id: "test/web/testers", backends: [{ backend: NEW, weight: 1, filters: [] }] }, rule(0)],
      {
        matches: [
          { match: { headers: [{ name: "testuser", type: "RegularExpression", value: ".+" }], query: [] }, rule: 0 },
          { match: { headers: [], query: [] }, rule: 1 },
        ],
      },
    );
    expect(await send("GET / HTTP/1.1\r\nHost: web\r\nTestUser: me\r\n\r\n")).toMatch(/tested$/);
    expect(mesh.ledger.report().requests).toEqual([]);
  });
});

describe("a failure of the new version", () => {
  const get = "GET /a/1 HTTP/1.1\r\nHost: web\r\n\r\n";
  const post = "POST /a/1 HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx";
  const cases: readonly [string, string, Partial<NonNullable<Rule["release"]>>, RegExp, object][] = [
    [
      "is answered by stable, counts against new, and reaches nobody",
      get,
      {},
      /^HTTP\/1\.1 200 [^]*stable$/,
      { failures: [`${NEW}@1 GET /a/{id} 1/1`], hit: { [NEW]: 0 } },
    ],
    [
      "reaches the user of what must not be done twice",
      post,
      {},
      /^HTTP\/1\.1 500 [^]*bad$/,
      { failures: [`${NEW}@1 POST /a/{id} 1/0`], hit: { [NEW]: 1 } },
    ],
    [
      "reaches the user with retry Never",
      get,
      { retryOnStable: false },
      /^HTTP\/1\.1 500 [^]*bad$/,
      { failures: [`${NEW}@1 GET /a/{id} 1/0`], hit: { [NEW]: 1 } },
    ],
  ];
  test.each(cases)("%s", async (_, request, release, want, counted) => {
    const { mesh, ...w } = await world(() => FAILED);
    await w.release(rule(100, release));
    expect(await w.send(request)).toMatch(want);
    expect(counts(mesh)).toEqual({ requests: { [`${NEW}@1`]: 1 }, drawn: { [`${NEW}@1`]: 1 }, ...counted });
    expect(mesh.told).toMatchObject([{ kind: "failures", session: "web-1.1", count: { new: 1, old: 0 } }]);
  });

  test("whose answer is large does not reach anybody either", async () => {
    const { mesh, release, send } = await world(
      () => `HTTP/1.1 503 No\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`,
    );
    await release(rule(100));
    expect(await send()).toMatch(/^HTTP\/1\.1 200 [^]*stable$/);
    expect(counts(mesh).failures).toEqual([`${NEW}@1 GET /a/{id} 1/1`]);
  });

  test("a reset is one, too", async () => {
    const stable = keep(await Backend.answering(() => ok("stable")));
    const crashing = keep(
      await Backend.start(async (connection) => {
        await readRequest(connection);
        connection.destroy();
      }),
    );
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [], "web-stable": [stable], "web-new": [crashing] }, [rule(100)]);
    expect(await mesh.exchange(get)).toMatch(/stable$/);
    expect(await mesh.exchange(post)).toMatch(/^HTTP\/1\.1 502/);
    expect(counts(mesh).failures).toEqual([`${NEW}@1 GET /a/{id} 1/1`, `${NEW}@1 POST /a/{id} 1/0`]);
  });

  test("so is silence", async () => {
    const clock = new FakeClock();
    const stable = keep(await Backend.answering(() => ok("stable")));
    const silent = keep(await Backend.start(async (connection) => void (await connection.rest())));
    const mesh = keep(new MeshHarness({ clock }));
    await mesh.apply({ web: [], "web-stable": [stable], "web-new": [silent] }, [
      rule(100, {}, { timeouts: { backend: 1_000 } }),
    ]);
    const client = mesh.connect().write(get);
    while (mesh.dataplane.metrics.connects === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_100);
    expect((await client.response()).content).toBe("stable");
    expect(counts(mesh).failures).toEqual([`${NEW}@1 GET /a/{id} 1/1`]);
    client.destroy();
  });

  test("all its pods refuse: stable answers, whatever the method and the policy, and it counts", async () => {
    const stable = keep(await Backend.answering(() => ok("stable")));
    const mesh = keep(new MeshHarness());
    await mesh.apply({ web: [], "web-stable": [stable], "web-new": [{ address: freeAddress(), port: 1 }] }, [
      rule(100, { retryOnStable: false }),
    ]);
    expect(await mesh.exchange(post)).toMatch(/stable$/);
    expect(counts(mesh).failures).toEqual([`${NEW}@1 POST /a/{id} 1/1`]);
  });

  test("it has no pods any more: stable answers, a draw of nobody", async () => {
    const { mesh, release, send } = await world(() => ok("new"), { withoutNew: true });
    await release(rule(100));
    expect(await send(post)).toMatch(/stable$/);
    expect(mesh.ledger.report()).toEqual({ requests: [], failures: [], users: [] });
  });

  test("its last pods are going: so it does", async () => {
    const { mesh, release, send } = await world(() => ok("new"), { leavingNew: true });
    await release(rule(100));
    expect(await send(post)).toMatch(/stable$/);
    expect(mesh.ledger.report()).toEqual({ requests: [], failures: [], users: [] });
  });

  test("its last pods are going and stable has none: they answer", async () => {
    const { release, send } = await world(() => ok("new"), { leavingNew: true, withoutStable: true });
    await release(rule(100));
    expect(await send(post)).toMatch(/new$/);
  });

  test("when stable fails as well, the failure is the new version's, and its user saw it", async () => {
    const { mesh, release, send } = await world(() => FAILED, { answerOfStable: FAILED });
    await release(rule(100));
    expect(await send()).toMatch(/^HTTP\/1\.1 500/);
    expect(counts(mesh)).toMatchObject({ failures: [`${NEW}@1 GET /a/{id} 1/0`], hit: { [NEW]: 1 } });
  });

  test("a failure of stable is stable's, and told as old", async () => {
    const { mesh, release, send } = await world(() => ok("new"), { answerOfStable: FAILED });
    await release(rule(0));
    expect(await send()).toMatch(/^HTTP\/1\.1 500/);
    expect(counts(mesh)).toMatchObject({ failures: [`${STABLE}@0 GET /a/{id} 1/0`], hit: { [STABLE]: 1 } });
    expect(mesh.told).toMatchObject([{ count: { new: 0, old: 1 } }]);
  });

  test("4xx are no failures", async () => {
    const { mesh, release, send } = await world(() => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    await release(rule(100));
    expect(await send()).toMatch(/^HTTP\/1\.1 404/);
    expect(counts(mesh)).toMatchObject({ requests: { [`${NEW}@1`]: 1 }, failures: [] });
  });

  test("the budget: most retries of a version that fails always are not made any more", async () => {
    const { mesh, release } = await world(() => FAILED);
    await release(rule(100));
    const client = mesh.connect();
    const statuses: number[] = [];
    for (let i = 0; i < 300; i++) statuses.push((await client.write(get).response()).status);
    client.destroy();
    const answered = statuses.filter((status) => status === 200).length;
    // Ten a second over ten seconds, and a fifth of the requests.
    expect(answered).toBeGreaterThanOrEqual(100);
    expect(answered).toBeLessThanOrEqual(165);
    expect(counts(mesh).failures).toEqual([`${NEW}@1 GET /a/{id} 300/${answered}`]);
  });
});

describe("the trip", () => {
  const limit = { session: "web-1.1", backend: NEW, since: [], limits: [{ failures: [3] }] };

  test("the failure that reaches the limit shuts the gate: the very next request goes to stable", async () => {
    const { mesh, release, send } = await world(() => FAILED);
    await release(rule(100, { retryOnStable: false }));
    mesh.gatekeeper.setTrip("test/web", limit);
    for (let i = 0; i < 3; i++) expect(await send()).toMatch(/^HTTP\/1\.1 500/);
    for (let i = 0; i < 5; i++) expect(await send()).toMatch(/stable$/);
    expect(mesh.trips).toMatchObject([{ session: "web-1.1", new: 3, old: 0, by: "mesh-1" }]);
    expect(Date.parse(mesh.trips[0]?.lastRequest ?? "")).toBeGreaterThan(0);
    expect(counts(mesh).requests).toEqual({ [`${NEW}@1`]: 3, [`${STABLE}@0`]: 5 });
  });

  test("whatever weights come afterwards in the same session", async () => {
    const { mesh, release, send } = await world(() => FAILED);
    mesh.gatekeeper.setTrip("test/web", limit);
    await release(rule(100));
    for (let i = 0; i < 3; i++) await send();
    await release(rule(50));
    for (let i = 0; i < 10; i++) expect(await send()).toMatch(/stable$/);
    expect(counts(mesh).failures).toEqual([`${NEW}@1 GET /a/{id} 3/3`]);
  });

  test("a new session opens it again", async () => {
    const { mesh, release, send } = await world(() => FAILED);
    mesh.gatekeeper.setTrip("test/web", limit);
    await release(rule(100, { retryOnStable: false }));
    for (let i = 0; i < 3; i++) await send();
    await release(rule(100, { retryOnStable: false, session: "web-1.2" }));
    expect(await send()).toMatch(/^HTTP\/1\.1 500/);
  });

  test("another worker says so", async () => {
    const { mesh, release, send } = await world(() => ok("new"));
    await release(rule(100));
    expect(await send()).toMatch(/new$/);
    mesh.gatekeeper.heard({ kind: "trip", trip: { session: "web-1.1", time: "2026-01-01T00:00:00Z", by: "mesh-2" } });
    expect(await send()).toMatch(/stable$/);
  });
});

describe("users", () => {
  test("are told apart by the header that the policy names, else by who they say they are", async () => {
    const { mesh, release, send } = await world(() => ok("new"));
    const get = (...fields: readonly string[]): string =>
      `GET / HTTP/1.1\r\nHost: web\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`;
    await release(rule(100, { userHeader: "x-user" }));
    for (const user of ["a", "b", "b"]) await send(get(`X-User: ${user}`, "Cookie: same"));
    await release(rule(100, { session: "web-1.2" }));
    for (const field of ["Authorization: c", "Cookie: d", "Cookie: d", "Authorization: c", "X-User: e", "X-User: f"])
      await send(get(field));
    const users = mesh.ledger.report().users.map((row) => [row.session, countUsers(readSketch(row.sketch))]);
    expect(users).toEqual([
      ["web-1.1", 2],
      ["web-1.2", 3],
    ]);
  });
});
