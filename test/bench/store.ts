import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { KubeObject } from "../../src/api/object.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { openSqliteStore } from "../../src/store/sqlite-file.ts";
import type { Store } from "../../src/store/store.ts";

export type Report = (name: string, value: number, unit: string) => void;

const PODS = "/pods";
const WORKERS = "sluice.dev/meshworkers";
const KEYS = 1000;
/** Long enough for a hundred commits on a slow disk. */
const MILLISECONDS = 1500;

/** About 2 kB of JSON, as a pod of one container has. */
function pod(name: string, revision: number, turn: number): KubeObject {
  const metadata = {
    name,
    namespace: "bench",
    uid: name,
    resourceVersion: String(revision),
    creationTimestamp: "2026-01-01T00:00:00Z",
  };
  const env = Array.from({ length: 25 }, (_, i) => ({
    name: `VARIABLE_${i}`,
    value: `value ${i} of this variable, turn ${turn}`,
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: { containers: [{ name: "a", image: "a:1", env }] },
  } as KubeObject;
}

/** The store's writes a second, against one plain SQLite transaction a write, the peer on the same disk in the same run. */
export async function benchStore(report: Report): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    const plain = plainSqlite(join(directory, "plain.db"));
    report("store: plain SQLite, one transaction a write", plain, "writes/s");
    for (const writers of [1, 8, 64]) {
      await using store = open(join(directory, `${writers}.db`));
      const rate = await writesPerSecond(store, PODS, writers);
      report(`store: ${writers} writers`, rate, "writes/s");
      report(`store: ${writers} writers against plain SQLite`, rate / plain, "x");
    }
    await benchMemory(join(directory, "memory.db"), report);
    await benchOpening(join(directory, "opening.db"), report);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function open(path: string): Store {
  return openSqliteStore(path, { clock: systemClock, log: silentLogger, ephemeral: new Set([WORKERS]) });
}

function plainSqlite(path: string): number {
  const database = new DatabaseSync(path);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE pods (key TEXT PRIMARY KEY, document TEXT)",
  );
  const upsert = database.prepare(
    "INSERT INTO pods VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
  );
  const begin = performance.now();
  let writes = 0;
  while (performance.now() - begin < MILLISECONDS) {
    const name = `pod-${writes % KEYS}`;
    upsert.run(`bench/${name}`, JSON.stringify(pod(name, writes, writes)));
    writes += 1;
  }
  const rate = (writes * 1000) / (performance.now() - begin);
  database.close();
  return rate;
}

async function writesPerSecond(store: Store, resource: string, writers: number): Promise<number> {
  const begin = performance.now();
  let writes = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() - begin < MILLISECONDS) {
        const turn = writes++;
        const name = `pod-${turn % KEYS}`;
        await store.write(resource, `bench/${name}`, (_, revision) => ({
          kind: "put",
          object: pod(name, revision, turn),
        }));
      }
    }),
  );
  return (writes * 1000) / (performance.now() - begin);
}

async function benchMemory(path: string, report: Report): Promise<void> {
  await using store = open(path);
  report("store: 8 writers of an ephemeral resource", await writesPerSecond(store, WORKERS, 8), "writes/s");
  let delivered = 0;
  const watches = Array.from({ length: 100 }, () => store.watch(PODS, store.revision, () => (delivered += 1)));
  const begin = performance.now();
  await writesPerSecond(store, PODS, 64);
  report("store: events to 100 watchers, 64 writers", (delivered * 1000) / (performance.now() - begin), "events/s");
  for (const watch of watches) watch[Symbol.dispose]();
}

async function benchOpening(path: string, report: Report): Promise<void> {
  const store = open(path);
  const writes = Array.from({ length: 10_000 }, (_, i) =>
    store.write(PODS, `bench/pod-${i}`, (_current, revision) => ({
      kind: "put",
      object: pod(`pod-${i}`, revision, i),
    })),
  );
  await Promise.all(writes);
  await store[Symbol.asyncDispose]();
  const begin = performance.now();
  await using again = open(path);
  report("store: open with 10,000 documents", performance.now() - begin, "ms");
  const listed = performance.now();
  again.list(PODS);
  report("store: first list of 10,000 documents", performance.now() - listed, "ms");
  const second = performance.now();
  again.list(PODS);
  report("store: second list of 10,000 documents", performance.now() - second, "ms");
}
