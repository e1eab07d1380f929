import { describe, expect, test } from "vitest";
import { requestHead } from "../../../test/support/request-head.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { ListenerSpec, Rule } from "../../plan/routing/snapshot.ts";
import type { Gate } from "../session/gate.ts";
import { Ledger } from "../session/ledger.ts";
import { Backend } from "./backend.ts";
import { Endpoint } from "./endpoint.ts";
import { type RouteContext, RouteTable } from "./route.ts";

const release: NonNullable<Rule["release"]> = { session: "s.1", stable: "old", new: "new", retryOnStable: true };

function world(weights: { readonly old: number; readonly new: number }, more: Partial<Rule> = {}, endpointsOfNew = 1) {
  const ledger = new Ledger();
  const gate: Gate = { session: "s.1", shut: false, lastSent: 0 };
  const backends = new Map(["old", "new", "web"].map((id) => [id, new Backend(id, 0)]));
  for (const [id, backend] of backends)
    backend.endpoints = id === "new" && endpointsOfNew === 0 ? [] : [new Endpoint("127.0.0.1", 80)];
  const context: RouteContext = { ledger, backend: (id) => backends.get(id) ?? new Backend(id, 0), gate: () => gate };
  const rule: Rule = {
    id: "r",
    filters: [],
    backends: [
      { backend: "old", weight: weights.old, filters: [] },
      { backend: "new", weight: weights.new, filters: [] },
    ],
    release,
    ...more,
  };
  const spec: ListenerSpec = {
    address: "127.0.0.1",
    port: 80,
    service: { namespace: "ns", name: "web", port: 80 },
    protocol: "http",
    rules: [rule],
    matches: [{ match: { headers: [], query: [] }, rule: 0 }],
    fallback: "web",
  };
  const random = seededRandom(1);
  const found = new RouteTable(spec, context).find(requestHead("GET /"));
  const draw = (n: number): Record<string, number> => {
    const seen: Record<string, number> = {};
    for (let i = 0; i < n; i++) {
      const id = found?.rule.draw(random)?.share.backend?.id ?? "none";
      seen[id] = (seen[id] ?? 0) + 1;
    }
    return seen;
  };
  return { ledger, gate, draw, found };
}

describe("a rule that a release owns", () => {
  test("counts what it draws, under the chance of the new version", () => {
    const { draw, ledger } = world({ old: 3, new: 1 });
    const seen = draw(400);
    expect(ledger.report().requests).toEqual([
      { session: "s.1", rule: "r", backend: "old", w: 0.25, drawn: seen["old"], requests: 0 },
      { session: "s.1", rule: "r", backend: "new", w: 0.25, drawn: seen["new"], requests: 0 },
    ]);
  });

  test("draws nothing for the new version behind a shut gate, even if the old one has no weight any more", () => {
    const { draw, gate, ledger } = world({ old: 0, new: 100 });
    expect(draw(5)).toEqual({ new: 5 });
    gate.shut = true;
    expect(draw(5)).toEqual({ old: 5 });
    expect(ledger.report().requests.map(({ backend, w, drawn }) => [backend, w, drawn])).toEqual([
      ["new", 1, 5],
      ["old", 0, 5],
    ]);
  });

  test("gives the old version what it drew for a new one without pods, and counts it for nobody", () => {
    const { draw, ledger } = world({ old: 0, new: 100 }, {}, 0);
    expect(draw(5)).toEqual({ old: 5 });
    expect(ledger.report().requests).toEqual([]);
  });

  test("counts nothing between sessions", () => {
    const { session: _, ...atRest } = release;
    const { draw, ledger, found } = world({ old: 1, new: 1 }, { release: atRest });
    expect(Object.keys(draw(100)).toSorted()).toEqual(["new", "old"]);
    expect(ledger.report().requests).toEqual([]);
    expect(found?.rule.split?.gate).toBeUndefined();
  });

  test("leaves other backends of the rule uncounted", () => {
    const { draw, ledger } = world(
      { old: 0, new: 0 },
      {
        backends: [
          { backend: "web", weight: 1, filters: [] },
          { backend: "old", weight: 0, filters: [] },
        ],
      },
    );
    expect(draw(3)).toEqual({ web: 3 });
    expect(ledger.report().requests).toEqual([]);
  });
});
