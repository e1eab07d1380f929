import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { Backend } from "./backend.ts";
import { Endpoint } from "./endpoint.ts";

const backendOf = (...busy: readonly number[]): { backend: Backend; endpoints: readonly Endpoint[] } => {
  const endpoints = busy.map((inFlight, i) => {
    const endpoint = new Endpoint(`127.0.0.${i + 1}`, 80);
    for (let k = 0; k < inFlight; k++) endpoint.enter();
    return endpoint;
  });
  const backend = new Backend("b", 0);
  backend.endpoints = endpoints;
  return { backend, endpoints };
};

const picks = (
  backend: Backend,
  n: number,
  tried: readonly Endpoint[] = [],
  now = 0,
): Map<string | undefined, number> => {
  const random = seededRandom(5);
  const seen = new Map<string | undefined, number>();
  for (let i = 0; i < n; i++) {
    const address = backend.pick(random, now, tried)?.address;
    seen.set(address, (seen.get(address) ?? 0) + 1);
  }
  return seen;
};

describe("pick", () => {
  test("none of none", () => expect([...picks(backendOf().backend, 3)]).toEqual([[undefined, 3]]));
  test("the only one", () => expect([...picks(backendOf(9).backend, 3)]).toEqual([["127.0.0.1", 3]]));
  test("the less busy of two", () => expect([...picks(backendOf(2, 1).backend, 50)]).toEqual([["127.0.0.2", 50]]));
  test("never the busiest of three", () => expect(picks(backendOf(0, 1, 5).backend, 300).has("127.0.0.3")).toBe(false));
  test("evenly among equals", () => {
    for (const count of picks(backendOf(0, 0, 0, 0).backend, 4_000).values())
      expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });
  test("not one that was tried, however idle", () => {
    const { backend, endpoints } = backendOf(0, 3, 3);
    expect(picks(backend, 100, endpoints.slice(0, 1)).has("127.0.0.1")).toBe(false);
    expect([...picks(backend, 3, endpoints)]).toEqual([[undefined, 3]]);
  });
  test("not an ejected one, unless there is no other", () => {
    const { backend, endpoints } = backendOf(0, 3, 3);
    for (let i = 0; i < 3; i++) endpoints[0]?.refused(0);
    expect(picks(backend, 100).has("127.0.0.1")).toBe(false);
    for (const endpoint of endpoints) for (let i = 0; i < 3; i++) endpoint.refused(0);
    expect(picks(backend, 100).size).toBe(3);
  });
});

describe("ejection", () => {
  test("after three refusals in a row, longer each time, forgotten when it is reached", () => {
    const endpoint = new Endpoint("127.0.0.1", 80);
    const refuse = (now: number): void => {
      for (let i = 0; i < 3; i++) endpoint.refused(now);
    };
    endpoint.refused(0);
    endpoint.refused(0);
    expect(endpoint.isEjected(0)).toBe(false);
    endpoint.refused(0);
    expect([endpoint.isEjected(999), endpoint.isEjected(1_000)]).toEqual([true, false]);
    refuse(1_000);
    expect([endpoint.isEjected(2_999), endpoint.isEjected(3_000)]).toEqual([true, false]);
    for (let i = 0; i < 10; i++) refuse(10_000);
    expect([endpoint.isEjected(39_999), endpoint.isEjected(40_000)]).toEqual([true, false]);
    endpoint.reached();
    refuse(50_000);
    expect(endpoint.isEjected(51_000)).toBe(false);
  });
});
