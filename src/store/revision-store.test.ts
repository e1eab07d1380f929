import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { StatusError } from "../api/status-error.ts";
import { silentLogger } from "../observe/logger.ts";
import type { History } from "./history.ts";
import { MemoryHistory } from "./memory-history.ts";
import { RevisionStore } from "./revision-store.ts";
import { openSqliteStore } from "./sqlite-file.ts";
import { configMap, put, remove, valueOf } from "./store.case.ts";
import type { Store, StoreEvent } from "./store.ts";

const MAPS = "/configmaps";
const PODS = "/pods";
const WORKERS = "sluice.dev/meshworkers";
const RESOURCES = [MAPS, PODS, WORKERS];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log whose disk can be full. */
class FullDisk extends MemoryHistory {
  full = false;
  appends = 0;
  readonly reservations: number[] = [];

  override load(): ReturnType<History["load"]> {
    return { ...super.load(), reserved: 0 };
  }

  override append(...[changes, time, reserved]: Parameters<History["append"]>): void {
    this.appends += 1;
    if (this.full) throw new StatusError("InternalError", "cannot write to x: the disk is full");
    if (reserved !== undefined) this.reservations.push(reserved);
    super.append(changes, time);
  }
}

describe("RevisionStore on a full disk", () => {
  const open = (history: History): RevisionStore =>
    new RevisionStore(history, { clock: new FakeClock(), log: silentLogger, ephemeral: new Set([WORKERS]) });

  it("refuses every write of the turn, shows none of them, reads on, and takes writes again later", async () => {
    const disk = new FullDisk();
    await using store = open(disk);
    const { object } = await put(store, MAPS, "a", 1);
    const heard: StoreEvent[] = [];
    store.watch(MAPS, store.revision, (event) => heard.push(event));
    const before = store.revision;
    disk.full = true;
    const writes = [put(store, MAPS, "a", 2), put(store, MAPS, "b", 1), remove(store, MAPS, "a")];
    for (const result of await Promise.allSettled(writes)) {
      expect(result).toMatchObject({ status: "rejected", reason: { reason: "InternalError", code: 500 } });
    }
    expect(store.revision).toBe(before);
    expect(store.list(MAPS)).toEqual([object]);
    await turn();
    expect(heard).toEqual([]);
    disk.full = false;
    const written = await put(store, MAPS, "a", 3);
    expect(heard.map((event) => [valueOf(event.object), valueOf(event.previous)])).toEqual([[3, 1]]);
    expect(Number(written.object.metadata.resourceVersion)).toBeGreaterThan(before);
  });

  it("refuses also what only rests on a refused write", async () => {
    const disk = new FullDisk();
    await using store = open(disk);
    disk.full = true;
    const writes = [
      put(store, MAPS, "a", 1),
      // Each of these is decided on a document that will never have been there.
      store.write(MAPS, "a", (current) => ({ kind: "keep", object: current! })),
      put(store, MAPS, "a", 1),
      store.write(MAPS, "a", () => {
        throw new StatusError("AlreadyExists", "there is one");
      }),
    ];
    for (const result of await Promise.allSettled(writes)) {
      expect(result).toMatchObject({ status: "rejected", reason: { reason: "InternalError" } });
    }
  });

  it("takes ephemeral writes all the same, as long as there are reserved revisions", async () => {
    const disk = new FullDisk();
    await using store = open(disk);
    await put(store, WORKERS, "mesh-1", 1);
    disk.full = true;
    const durable = put(store, MAPS, "a", 1).catch((error: StatusError) => error.reason);
    const ephemeral = put(store, WORKERS, "mesh-1", 2);
    expect(await durable).toBe("InternalError");
    expect((await ephemeral).changed).toBe(true);
    expect(store.list(MAPS)).toEqual([]);
    expect(store.revision).toBe(Number((await ephemeral).object.metadata.resourceVersion));
  });

  it("refuses ephemeral writes when not even revisions can be reserved", async () => {
    const disk = new FullDisk();
    await using store = open(disk);
    disk.full = true;
    await expect(put(store, WORKERS, "mesh-1", 1)).rejects.toMatchObject({ reason: "InternalError" });
    expect(store.list(WORKERS)).toEqual([]);
  });
});

describe("RevisionStore whose log cannot be read for a while", () => {
  it("tells a watcher of the past later, each event once", async () => {
    const clock = new FakeClock();
    const broken = { now: false };
    class Unreadable extends MemoryHistory {
      override changes(...args: Parameters<History["changes"]>): ReturnType<History["changes"]> {
        if (broken.now) throw new Error("input/output error");
        return super.changes(...args);
      }
    }
    await using store = new RevisionStore(new Unreadable(), {
      clock,
      log: silentLogger,
      recent: { events: 1, bytes: 1e6 },
    });
    const from = store.revision;
    for (let i = 1; i <= 3; i++) await put(store, MAPS, "a", i);
    broken.now = true;
    const heard: unknown[] = [];
    store.watch(MAPS, from, (event) => heard.push(valueOf(event.object)));
    using _ = store.watch(MAPS, from, () => undefined);
    await clock.advance(5000);
    expect(heard).toEqual([]);
    broken.now = false;
    await clock.advance(1000);
    await put(store, MAPS, "a", 4);
    expect(heard).toEqual([1, 2, 3, 4]);
  });
});

describe("RevisionStore and versions that are still to come", () => {
  it("watches from there on", async () => {
    await using store = new RevisionStore(new MemoryHistory(), { clock: new FakeClock(), log: silentLogger });
    const heard: unknown[] = [];
    store.watch(MAPS, store.revision + 2, (event) => heard.push(valueOf(event.object)));
    for (let i = 1; i <= 4; i++) await put(store, MAPS, "a", i);
    expect(heard).toEqual([3, 4]);
  });
});

describe("RevisionStore and reserved revisions", () => {
  it("goes to disk for ephemeral writes only when a block is used up, and renews it in passing", async () => {
    const disk = new FullDisk();
    await using store = new RevisionStore(disk, {
      clock: new FakeClock(),
      log: silentLogger,
      ephemeral: new Set([WORKERS]),
    });
    for (let i = 0; i < 100; i++) await put(store, WORKERS, "mesh-1", i);
    expect([disk.appends, disk.reservations.length]).toEqual([1, 1]);
    await put(store, MAPS, "a", 1);
    expect([disk.appends, disk.reservations.length]).toEqual([2, 1]);
    for (let i = 0; i < 40_000; i++) void put(store, WORKERS, "mesh-1", `many ${i}`);
    await turn();
    await Promise.all([put(store, MAPS, "a", 2), put(store, WORKERS, "mesh-1", "last")]);
    expect([disk.appends, disk.reservations.length]).toEqual([3, 2]);
    expect(disk.reservations[1]).toBeGreaterThan(store.revision);
  });
});

/** What the store should hold: every event that was ever shown. */
class Model {
  readonly events: { resource: string; key: string; revision: number; value: unknown; removed: boolean }[] = [];
  /** Ephemeral documents are gone and their events unknown up to here. */
  #restarted = 0;

  /** Of ephemeral documents the past is in memory only. */
  get ephemeralOldest(): number {
    const dropped = this.events.filter((event) => event.resource === WORKERS).at(-options.recent.events - 1);
    return dropped?.revision ?? this.#restarted;
  }

  forgetEphemeral(restarted: number): void {
    this.#restarted = restarted;
    const kept = this.events.filter((event) => event.resource !== WORKERS);
    this.events.splice(0, this.events.length, ...kept);
  }

  state(resource: string, at: number): Map<string, unknown> {
    const state = new Map<string, unknown>();
    for (const event of this.events) {
      if (event.resource !== resource || event.revision > at) continue;
      if (event.removed) state.delete(event.key);
      else state.set(event.key, event.value);
    }
    return state;
  }
}

type Step =
  | { readonly do: "put"; readonly resource: string; readonly key: string; readonly value: number }
  | { readonly do: "remove" | "throw" | "keep"; readonly resource: string; readonly key: string }
  | { readonly do: "turn" | "reopen" }
  | { readonly do: "advance"; readonly ms: number };

const resource = fc.constantFrom(...RESOURCES);
const key = fc.constantFrom("n/a", "n/b", "m/a");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("put" as const), resource, key, value: fc.nat({ max: 3 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("remove" as const, "throw" as const, "keep" as const), resource, key }),
  },
  { weight: 4, arbitrary: fc.constant({ do: "turn" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "reopen" } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.constantFrom(100, 1000, 5000) }) },
);

const directory = mkdtempSync(join(tmpdir(), "sluice-model-"));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

interface Reopenable {
  readonly open: (clock: FakeClock) => Store;
  readonly reopens: boolean;
}
const options = {
  log: silentLogger,
  ephemeral: new Set([WORKERS]),
  retention: { milliseconds: 3000, events: 12 },
  recent: { events: 4, bytes: 1e6 },
};
const inMemory = (): Reopenable => ({
  open: (clock) => new RevisionStore(new MemoryHistory(), { clock, ...options }),
  reopens: false,
});
const onDisk = (): Reopenable => {
  const path = join(directory, `${files++}.db`);
  return { open: (clock) => openSqliteStore(path, { clock, ...options }), reopens: true };
};

describe.each([
  ["in memory", inMemory],
  ["in SQLite", onDisk],
])("RevisionStore %s", (_, make) => {
  it("holds, lists, remembers and tells what a plain list of events would", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const { open, reopens } = make();
        const clock = new FakeClock();
        const model = new Model();
        let store = open(clock);
        let live = listen(store);
        let pending: Promise<void>[] = [];
        const settle = async (): Promise<void> => {
          await turn();
          await Promise.all(pending);
          pending = [];
        };
        for (const action of steps) {
          if ("resource" in action) {
            pending.push(perform(store, model, action));
            continue;
          }
          await settle();
          if (action.do === "advance") await clock.advance(action.ms);
          if (action.do === "reopen" && reopens) {
            await store[Symbol.asyncDispose]();
            const before = store.revision;
            store = open(clock);
            expect(store.revision).toBeGreaterThanOrEqual(before);
            model.forgetEphemeral(store.revision);
            live = listen(store);
          }
          await check(store, model, live);
        }
        await settle();
        await check(store, model, live);
        await store[Symbol.asyncDispose]();
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});

interface Live {
  readonly since: number;
  readonly heard: [resource: string, StoreEvent][];
}

function listen(store: Store): Live {
  const live: Live = { since: store.revision, heard: [] };
  for (const each of RESOURCES) store.watch(each, live.since, (event) => live.heard.push([each, event]));
  return live;
}

async function perform(store: Store, model: Model, action: Extract<Step, { resource: string }>): Promise<void> {
  const failure = new Error("decided not to");
  const written = store.write(action.resource, action.key, (current, revision) => {
    switch (action.do) {
      case "put":
        return { kind: "put", object: configMap(action.key, action.value, revision) };
      case "remove":
        return { kind: "remove", last: configMap(action.key, valueOf(current), revision) };
      case "keep":
        return { kind: "keep", object: configMap(action.key, "kept", revision) };
      case "throw":
        throw failure;
    }
  });
  if (action.do === "throw") return expect(written).rejects.toBe(failure);
  const { object, changed } = await written;
  if (action.do === "keep") expect(changed).toBe(false);
  if (!changed) return undefined;
  const revision = Number(object.metadata.resourceVersion);
  model.events.push({ ...action, revision, value: valueOf(object), removed: action.do === "remove" });
  return undefined;
}

async function check(store: Store, model: Model, live: Live): Promise<void> {
  model.events.sort((a, b) => a.revision - b.revision);
  const told = (event: StoreEvent): unknown[] => [
    event.revision,
    event.key,
    valueOf(event.object ?? event.last),
    valueOf(event.previous),
  ];
  const expected = (each: string, after: number): unknown[][] =>
    model.events
      .filter((event) => event.resource === each && event.revision > after)
      .map((event) => [event.revision, event.key, event.value, model.state(each, event.revision - 1).get(event.key)]);
  expect(live.heard.map(([each, event]) => [each, ...told(event)])).toEqual(
    model.events
      .filter((event) => event.revision > live.since)
      .map((event) => [event.resource, ...expected(event.resource, event.revision - 1)[0]!]),
  );
  const watches: [each: string, from: number, heard: StoreEvent[], watch: Disposable][] = [];
  for (const each of RESOURCES) {
    const oldest = each === WORKERS ? model.ephemeralOldest : store.oldestRevision;
    for (const at of new Set([oldest, store.revision, ...model.events.map((event) => event.revision)])) {
      if (at < oldest) {
        const message = `too old resource version: ${at} (${oldest})`;
        expect(() => store.list(each, "", at)).toThrow(message);
        expect(() => store.watch(each, at, () => undefined)).toThrow(message);
        continue;
      }
      const state = [...model.state(each, at)].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(store.list(each, "", at).map((object) => [object.metadata.name, valueOf(object)])).toEqual(state);
      expect(store.list(each, "n/", at)).toHaveLength(state.filter(([name]) => name.startsWith("n/")).length);
      const heard: StoreEvent[] = [];
      watches.push([each, at, heard, store.watch(each, at, (event) => heard.push(event))]);
    }
  }
  await turn();
  await turn();
  for (const [each, from, heard, watch] of watches) {
    expect(heard.map(told)).toEqual(expected(each, from));
    watch[Symbol.dispose]();
  }
}
