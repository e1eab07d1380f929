import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { Trip } from "../../api/generated/sluice-dev.ts";
import { Gatekeeper, type PeerMessage, type TripRecord } from "./gatekeeper.ts";

const spec: Trip["spec"] = { session: "s.1", backend: "b", since: [], limits: [{ failures: [2] }] };

interface Worker {
  readonly keeper: Gatekeeper;
  readonly kept: (readonly TripRecord[])[];
}

/** Workers that hear each other at once. */
function workersOf(names: readonly string[], trips: readonly TripRecord[] = []): readonly Worker[] {
  const clock = new FakeClock();
  const workers: Worker[] = [];
  for (const name of names) {
    const kept: (readonly TripRecord[])[] = [];
    const tell = (message: PeerMessage): void => {
      for (const other of workers) if (other.keeper !== keeper) other.keeper.heard(message);
    };
    const keeper: Gatekeeper = new Gatekeeper({
      clock,
      epoch: `epoch-${name}`,
      worker: name,
      trips,
      tell,
      tripped: (t) => void kept.push(t),
    });
    workers.push({ keeper, kept });
  }
  return workers;
}

describe("gatekeepers", () => {
  let one: Gatekeeper;
  let two: Gatekeeper;
  beforeEach(() => {
    [one, two] = workersOf(["mesh-1", "mesh-2"]).map((w) => w.keeper) as [Gatekeeper, Gatekeeper];
    for (const keeper of [one, two]) keeper.setTrip("shop/web", spec);
  });

  test("shut the gate together at the failure that reaches the limit, wherever it happens", () => {
    one.failed("s.1", "GET /a", "new");
    expect([one.gate("s.1").shut, two.gate("s.1").shut]).toEqual([false, false]);
    two.failed("s.1", "GET /a", "new");
    expect([one.gate("s.1").shut, two.gate("s.1").shut]).toEqual([true, true]);
    expect(one.trips).toEqual([{ session: "s.1", time: "2026-01-01T00:00:00.000Z", new: 2, old: 0, by: "mesh-2" }]);
    expect(two.trips).toEqual(one.trips);
  });

  test("only of that session", () => {
    one.failed("s.2", "GET /a", "new");
    one.failed("s.2", "GET /a", "new");
    expect(one.gate("s.2").shut).toBe(false);
  });

  test("a failure that was heard twice counts once", () => {
    one.failed("s.1", "GET /a", "new");
    for (const message of one.everything()) two.heard(message);
    expect(two.gate("s.1").shut).toBe(false);
  });

  test("new limits are looked at at once", () => {
    one.failed("s.1", "GET /a", "new");
    one.setTrip("shop/web", { ...spec, limits: [{ failures: [1] }] });
    expect([one.gate("s.1").shut, two.gate("s.1").shut]).toEqual([true, true]);
  });

  test("limits that were taken back do not trip", () => {
    one.setTrip("shop/web", undefined);
    two.setTrip("shop/web", undefined);
    for (let i = 0; i < 5; i++) one.failed("s.1", "GET /a", "new");
    expect(one.gate("s.1").shut).toBe(false);
  });

  test("a worker that comes later hears everything", () => {
    one.failed("s.1", "GET /a", "new");
    one.failed("s.1", "GET /b", "new");
    const [late] = workersOf(["mesh-3"]);
    for (const message of one.everything()) late?.keeper.heard(message);
    expect(late?.keeper.gate("s.1").shut).toBe(true);
  });

  test("says when this worker last sent a request to the new version", () => {
    one.gate("s.1").lastSent = Date.parse("2026-01-01T00:00:01Z");
    for (let i = 0; i < 2; i++) two.failed("s.1", "GET /a", "new");
    expect(one.trips[0]?.lastRequest).toBe("2026-01-01T00:00:01.000Z");
    expect(two.trips[0]?.lastRequest).toBeUndefined();
  });
});

test("a gate that was shut in an earlier run stays shut", () => {
  const [worker] = workersOf(["mesh-1"], [{ session: "s.1", time: "2026-01-01T00:00:00Z" }]);
  expect(worker?.keeper.gate("s.1").shut).toBe(true);
  expect(worker?.keeper.gate("s.2").shut).toBe(false);
});

test("what is kept is told, and forgotten with its session", () => {
  const [worker] = workersOf(["mesh-1"]);
  worker?.keeper.setTrip("shop/web", { ...spec, limits: [{ failures: [1] }] });
  worker?.keeper.failed("s.1", "GET /a", "new");
  expect(worker?.kept).toHaveLength(1);
  worker?.keeper.keepOnly(new Set(["s.1"]));
  expect(worker?.kept).toHaveLength(1);
  worker?.keeper.keepOnly(new Set(["s.2"]));
  expect(worker?.kept.at(-1)).toEqual([]);
});
