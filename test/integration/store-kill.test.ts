import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/object.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { openSqliteStore } from "../../src/store/sqlite-file.ts";
import type { Store, StoreEvent } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { seededRandom } from "../support/seeded-random.ts";

const KILLS = 40;
const MAPS = "/configmaps";

interface Acknowledged {
  readonly resource: string;
  readonly key: string;
  readonly revision: number;
  readonly removed: boolean;
}

let directory: string;
let children: ChildProcess[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-kill-"));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

function writer(...args: string[]): ChildProcess {
  const program = join(import.meta.dirname, "../support/store-writer.ts");
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

function open(path: string): Store {
  return openSqliteStore(path, {
    clock: new FakeClock(),
    log: silentLogger,
    ephemeral: new Set(["sluice.dev/meshworkers"]),
    retention: { milliseconds: 3_600_000, events: 3000 },
  });
}

describe("a store whose process is killed with SIGKILL", () => {
  it(`has lost no acknowledged write and made up none, ${KILLS} times at random points of a load`, async () => {
    const path = join(directory, "store.db");
    const random = seededRandom(20261125);
    /** The highest revision that anyone was told. */
    let highest = 0;
    let acknowledged = 0;
    for (let round = 0; round < KILLS; round++) {
      const child = writer(path, String(round));
      const killAfter = Math.floor(random.next() * 400);
      let lines = 0;
      const told: Acknowledged[] = [];
      for await (const text of createInterface({ input: child.stdout! })) {
        const line = JSON.parse(text) as Acknowledged | { readonly opened: number };
        if ("opened" in line) {
          expect(line.opened).toBeGreaterThanOrEqual(highest);
        } else {
          highest = Math.max(highest, line.revision);
          acknowledged += 1;
          told.push(line);
        }
        if (lines++ === killAfter) child.kill("SIGKILL");
      }
      await verify(path, told, highest);
    }
    expect(acknowledged).toBeGreaterThan(KILLS * 50);
  });

  it("leaves its lock behind for nobody, and holds it against everybody while it lives", async () => {
    const path = join(directory, "store.db");
    const child = writer(path, "1", "hold");
    await once(createInterface({ input: child.stdout! }), "line");
    expect(() => open(path)).toThrow(
      expect.objectContaining({ code: "home-in-use", message: `${path} is in use by process ${child.pid}` }),
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    await open(path)[Symbol.asyncDispose]();
  });
});

async function verify(path: string, told: readonly Acknowledged[], highest: number): Promise<void> {
  await using store = open(path);
  expect(store.revision).toBeGreaterThanOrEqual(highest);
  expect(store.list("sluice.dev/meshworkers")).toEqual([]);
  const changes = new Map((await followPast(store)).map((event) => [event.revision, event]));
  for (const { resource, key, revision, removed } of told) {
    if (resource !== MAPS || revision <= store.oldestRevision) continue;
    const { key: written, object } = changes.get(revision) ?? {};
    expect([written, object === undefined]).toEqual([key, removed]);
  }
}

/** The past must be whole: each document's version is its revision, and each key counts up by one without gaps. */
async function followPast(store: Store): Promise<readonly StoreEvent[]> {
  const from = store.oldestRevision;
  const events: StoreEvent[] = [];
  const heard = Promise.withResolvers<void>();
  store.watch(MAPS, from, (event) => {
    events.push(event);
    if (event.revision === store.revision) heard.resolve();
  });
  await store.write(MAPS, "end", (current, revision) => {
    const metadata = { name: "end", uid: "end", resourceVersion: String(revision), creationTimestamp: "" };
    const data = { count: countOf(current) + 1 };
    return { kind: "put", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data } as KubeObject };
  });
  await heard.promise;
  const counts = new Map(store.list(MAPS, "", from).map((object) => [object.metadata.name, countOf(object)]));
  let last = from;
  for (const { key, revision, object, last: final, previous } of events) {
    const document = object ?? final;
    const count = counts.get(key) ?? 0;
    expect(revision).toBeGreaterThan(last);
    expect(document?.metadata.resourceVersion).toBe(String(revision));
    expect([countOf(previous), countOf(document)]).toEqual([count, count + 1]);
    if (object) counts.set(key, count + 1);
    else counts.delete(key);
    last = revision;
  }
  expect(new Map(store.list(MAPS).map((object) => [object.metadata.name, countOf(object)]))).toEqual(counts);
  return events;
}

function countOf(object: unknown): number {
  return (object as { data?: { count?: number } } | undefined)?.data?.count ?? 0;
}
