import { expect, test } from "vitest";
import type { Filter, Match, Rule } from "../../src/plan/routing/snapshot.ts";
import { keeping } from "../support/keeping.ts";
import { Backend, MeshHarness, ok } from "../support/mesh-harness.ts";

const keep = keeping();

const to = (name: string, weight = 1, filters: readonly Filter[] = []) => ({
  backend: `test/${name}:80`,
  weight,
  filters,
});
const nothing = { set: [], add: [], remove: [] } as const;

/** A mesh in front of `web` and `v2`, each of which says its name and what it got. */
async function meshWith(
  rules: readonly Partial<Rule>[],
  matches: readonly Partial<Match>[] = rules.map(() => ({})),
): Promise<MeshHarness> {
  const echo = async (name: string): Promise<Backend> => {
    const backend = await Backend.answering(({ head }) => ok(`${name}\n${head}`, "X-Backend: 1", "X-Old: 1"));
    keep(backend);
    return backend;
  };
  const mesh = new MeshHarness();
  keep(mesh);
  await mesh.apply({ web: [await echo("web")], v2: [await echo("v2")] }, rules, {
    matches: matches.map((match, rule) => ({ match: { headers: [], query: [], ...match }, rule })),
  });
  return mesh;
}

const get = (target: string, ...fields: readonly string[]): string =>
  `GET ${target} HTTP/1.1\r\nHost: web:81\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
const prefix = (value: string): Partial<Match> => ({ path: { type: "PathPrefix", value } });

const cases: readonly [string, readonly Partial<Rule>[], readonly Partial<Match>[], string, RegExp, RegExp?][] = [
  [
    "the first match that takes it serves",
    [{ backends: [to("v2")] }, { backends: [to("web")] }],
    [prefix("/v2"), {}],
    get("/v2/x"),
    /\r\n\r\nv2\n/,
  ],
  [
    "then the next",
    [{ backends: [to("v2")] }, { backends: [to("web")] }],
    [prefix("/v2"), {}],
    get("/x"),
    /\r\n\r\nweb\n/,
  ],
  [
    "none: 404",
    [{ backends: [to("v2")] }],
    [prefix("/v2")],
    get("/x"),
    /^HTTP\/1\.1 404 Not Found[^]*sluice: no route matches\n$/,
  ],
  ["a rule without backends: 500", [{ backends: [] }], [{}], get("/"), /^HTTP\/1\.1 500/],
  ["backends without weight: 500", [{ backends: [to("web", 0)] }], [{}], get("/"), /^HTTP\/1\.1 500/],
  [
    "a reference that leads nowhere: 500",
    [{ backends: [{ weight: 1, filters: [] }] }],
    [{}],
    get("/"),
    /^HTTP\/1\.1 500[^]*the route leads to no backend/,
  ],
  [
    "request fields set, added and removed",
    [
      {
        filters: [
          {
            type: "requestHeaders",
            set: [{ name: "X-A", value: "new" }],
            add: [{ name: "X-B", value: "2" }],
            remove: ["x-c"],
          },
        ],
        backends: [to("web")],
      },
    ],
    [{}],
    get("/", "x-a: old", "X-B: 1", "X-C: gone"),
    /X-B: 1\r\n[^]*X-A: new\r\nX-B: 2\r\n/,
    /old|gone/,
  ],
  [
    "response fields set and removed",
    [
      {
        filters: [
          { type: "responseHeaders", ...nothing, set: [{ name: "x-backend", value: "ours" }], remove: ["x-old"] },
        ],
        backends: [to("web")],
      },
    ],
    [{}],
    get("/"),
    /^HTTP\/1\.1 200 OK\r\n[^]*x-backend: ours\r\n[^]*\r\n\r\nweb/,
    /X-Backend|X-Old/,
  ],
  [
    "filters of the backend that was drawn, after those of the rule",
    [
      {
        filters: [{ type: "requestHeaders", ...nothing, set: [{ name: "X-A", value: "rule" }] }],
        backends: [to("web", 1, [{ type: "requestHeaders", ...nothing, set: [{ name: "X-A", value: "backend" }] }])],
      },
    ],
    [{}],
    get("/"),
    /X-A: backend\r\n/,
    /X-A: rule/,
  ],
  [
    "a rewritten host, which leaves the client's in X-Forwarded-Host",
    [{ filters: [{ type: "rewrite", host: "other" }], backends: [to("web")] }],
    [{}],
    get("/"),
    /\nGET \/ HTTP\/1\.1\r\nHost: other\r\n[^]*X-Forwarded-Host: web:81\r\n/,
    /Host: web:81\r\nX-F/,
  ],
  [
    "a rewritten prefix",
    [{ filters: [{ type: "rewrite", path: { type: "prefix", value: "/new" } }], backends: [to("web")] }],
    [prefix("/old")],
    get("/old/a?b"),
    /\nGET \/new\/a\?b HTTP/,
  ],
  [
    "a rewritten path",
    [{ filters: [{ type: "rewrite", path: { type: "full", value: "/new" } }], backends: [to("web")] }],
    [prefix("/old")],
    get("/old/a?b"),
    /\nGET \/new\?b HTTP/,
  ],
  [
    "a redirect",
    [{ filters: [{ type: "redirect", scheme: "https", host: "example.org", status: 301 }] }],
    [{}],
    get("/a?b"),
    /^HTTP\/1\.1 301 Moved Permanently\r\nLocation: https:\/\/example\.org\/a\?b\r\nContent-Length: 0\r\n/,
  ],
  [
    "a redirect to another prefix",
    [{ filters: [{ type: "redirect", status: 302, path: { type: "prefix", value: "/new" } }] }],
    [prefix("/old")],
    get("/old/a"),
    /Location: http:\/\/web:81\/new\/a\r\n/,
  ],
];
test.each(cases)("%s", async (_, rules, matches, request, want, not) => {
  const mesh = await meshWith(rules, matches);
  const answer = await mesh.exchange(request);
  expect(answer).toMatch(want);
  if (not) expect(answer).not.toMatch(not);
});

test("a share that leads nowhere gets its weight of 500s", async () => {
  const mesh = await meshWith([{ backends: [to("web", 1), { weight: 1, filters: [] }] }]);
  const client = mesh.connect();
  let failed = 0;
  for (let i = 0; i < 400; i++) failed += Number((await client.write(get("/")).response()).status === 500);
  client.destroy();
  // 200, four standard deviations.
  expect(Math.abs(failed - 200)).toBeLessThan(40);
});

test("a snapshot counts from the next request on, on the same connection", async () => {
  const mesh = await meshWith([{ backends: [to("web")] }]);
  const client = mesh.connect();
  expect((await client.write(get("/")).response()).content).toMatch(/^web/);
  const other = await Backend.answering(() => ok("other"));
  keep(other);
  await mesh.apply({ web: [other] });
  expect((await client.write(get("/")).response()).content).toBe("other");
  client.destroy();
});
