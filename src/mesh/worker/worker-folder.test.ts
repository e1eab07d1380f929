import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { silentLogger } from "../../observe/logger.ts";
import type { Snapshot } from "../../plan/routing/snapshot.ts";
import { WorkerFolder } from "./worker-folder.ts";

const snapshot = (version: string): Snapshot => ({ applied: { services: version }, listeners: [], backends: {} });

describe("WorkerFolder", () => {
  let root: string;
  let clock: FakeClock;
  const folder = (): WorkerFolder => new WorkerFolder(join(root, "mesh-1"), clock, silentLogger);
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "sluice-worker-"));
    clock = new FakeClock();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("has nothing at first", () => {
    expect([folder().readState(), folder().readTrips()]).toEqual([undefined, []]);
  });

  test("keeps the newest of several states, soon", async () => {
    const kept = folder();
    kept.keepState({ snapshot: snapshot("1"), limits: {} });
    kept.keepState({ snapshot: snapshot("2"), limits: {} });
    expect(folder().readState()).toBeUndefined();
    await clock.advance(250);
    await kept[Symbol.asyncDispose]();
    expect(folder().readState()?.snapshot.applied).toEqual({ services: "2" });
    expect(clock.pending).toBe(0);
  });

  test("keeps what still waits when it is closed", async () => {
    const kept = folder();
    kept.keepState({ snapshot: snapshot("3"), limits: {} });
    await kept[Symbol.asyncDispose]();
    expect(folder().readState()?.snapshot.applied).toEqual({ services: "3" });
  });

  test("keeps trips at once, for its owner only", () => {
    folder().keepTrips([{ session: "s.1", time: "2026-01-01T00:00:00Z" }]);
    expect(folder().readTrips()).toEqual([{ session: "s.1", time: "2026-01-01T00:00:00Z" }]);
    expect(readdirSync(join(root, "mesh-1"))).toEqual(["trips.json"]);
    expect(statSync(join(root, "mesh-1/trips.json")).mode & 0o777).toBe(0o600);
  });

  test.each(["", "{", '{"format":0,"trips":[1]}', "null"])("ignores a file that is none of its own: %j", (text) => {
    const kept = folder();
    writeFileSync(join(root, "mesh-1/trips.json"), text);
    expect(kept.readTrips()).toEqual([]);
  });
});
