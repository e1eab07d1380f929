import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { AppError } from "../lib/app-error.ts";
import { silentLogger } from "../observe/logger.ts";
import { openSqliteStore, type SqliteOptions } from "./sqlite-file.ts";
import { describeStore, put, remove, valueOf } from "./store.case.ts";
import type { Store } from "./store.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-store-"));
let files = 0;
const fresh = (): string => join(directory, `${files++}.db`);
afterAll(() => rmSync(directory, { recursive: true }));

describeStore("openSqliteStore", (options) => openSqliteStore(fresh(), options));

const MAPS = "/configmaps";
const WORKERS = "sluice.dev/meshworkers";

function open(path: string, more: Partial<SqliteOptions> = {}): Store {
  return openSqliteStore(path, { clock: new FakeClock(), log: silentLogger, ephemeral: new Set([WORKERS]), ...more });
}

function refusal(path: string): string {
  try {
    void open(path)[Symbol.asyncDispose]();
    return "opened";
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).message).toContain(path);
    return (error as AppError).code;
  }
}

function contents(store: Store): unknown[] {
  return store.list(MAPS).map((object) => [object.metadata.name, object.metadata.resourceVersion, valueOf(object)]);
}

describe("a store file", () => {
  let path: string;
  beforeEach(() => {
    path = fresh();
  });

  it("is the owner's alone, and alone when it is closed", async () => {
    const store = open(path);
    await put(store, MAPS, "a", 1);
    for (const suffix of ["", "-wal", ".pid"]) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    await store[Symbol.asyncDispose]();
    expect(readdirSync(directory).filter((name) => join(directory, name).startsWith(path))).toEqual([
      path.slice(directory.length + 1),
    ]);
  });

  it("holds everything after it was closed, the past too", async () => {
    const before = open(path);
    const first = await put(before, MAPS, "a", 1);
    await put(before, MAPS, "a", 2);
    await put(before, MAPS, "b", 1);
    await remove(before, MAPS, "b");
    const { revision } = before;
    await before[Symbol.asyncDispose]();
    await using after = open(path);
    expect(after.revision).toBe(revision);
    expect(after.list(MAPS).map(valueOf)).toEqual([2]);
    const at = Number(first.object.metadata.resourceVersion);
    expect(after.list(MAPS, "", at).map(valueOf)).toEqual([1]);
    const heard: unknown[] = [];
    after.watch(MAPS, at, (event) =>
      heard.push([event.key, valueOf(event.object), valueOf(event.previous), valueOf(event.last)]),
    );
    await put(after, MAPS, "c", 1);
    expect(heard).toEqual([
      ["a", 2, 1, undefined],
      ["b", 1, undefined, undefined],
      ["b", undefined, 1, 1],
      ["c", 1, undefined, undefined],
    ]);
  });

  it("goes on with higher revisions than any that were given to ephemeral documents, closed or killed", async () => {
    const first = open(path);
    await put(first, MAPS, "a", 1);
    await put(first, WORKERS, "mesh-1", 1);
    // A copy of the files is what a kill would have left.
    const killed = fresh();
    for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, killed + suffix);
    const { revision } = first;
    await first[Symbol.asyncDispose]();
    await using closed = open(path);
    expect(closed.revision).toBe(revision);
    await using crashed = open(killed);
    expect(crashed.revision).toBeGreaterThanOrEqual(revision);
    for (const store of [closed, crashed]) {
      expect(store.list(WORKERS)).toEqual([]);
      expect(() => store.watch(WORKERS, store.revision - 1, () => undefined)).toThrow("too old resource version");
      expect(contents(store)).toEqual([["a", "1", 1]]);
      store.watch(MAPS, revision, () => undefined);
      const { object } = await put(store, WORKERS, "mesh-1", 1);
      expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(revision);
    }
  });

  it("forgets on disk too, and keeps what it must", async () => {
    const clock = new FakeClock();
    const store = open(path, { clock, retention: { milliseconds: 1000, events: 1000 } });
    for (let i = 0; i < 2500; i++) void put(store, MAPS, `k${i % 7}`, i);
    void remove(store, MAPS, "k0");
    await put(store, MAPS, "last", 1);
    await clock.advance(2000);
    await store[Symbol.asyncDispose]();
    const database = new DatabaseSync(path, { readOnly: true });
    // Six living documents of the loop, and the newest change of all.
    expect(database.prepare("SELECT count(*) AS rows FROM log").get()).toEqual({ rows: 7 });
    database.close();
    await using again = open(path);
    expect(again.list(MAPS).map(valueOf)).toEqual([2493, 2494, 2495, 2496, 2497, 2498, 1]);
    expect(again.oldestRevision).toBe(2501);
  });

  it("is refused to a second one, in this process or another", async () => {
    await using _ = open(path);
    expect(() => open(path)).toThrow(`${path} is in use by process ${process.pid}`);
    expect(refusal(path)).toBe("home-in-use");
    // The attempts have not loosened the lock.
    expect(refusal(path)).toBe("home-in-use");
  });

  it("may not outgrow its limit: a refused write is undone, reads go on, smaller writes too", async () => {
    await using store = open(path, { maxBytes: 200_000 });
    await put(store, MAPS, "a", "small");
    const heard: string[] = [];
    store.watch(MAPS, store.revision, (event) => heard.push(event.key));
    const tooMuch = [put(store, MAPS, "b", "x".repeat(500_000)), put(store, MAPS, "c", 1)];
    for (const result of await Promise.allSettled(tooMuch)) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { reason: "InternalError", code: 500, message: `cannot write to ${path}: the disk is full` },
      });
    }
    expect(store.list(MAPS)).toHaveLength(1);
    await put(store, MAPS, "d", 1);
    expect(heard).toEqual(["d"]);
  });

  describe("that is damaged", () => {
    it("is refused when it is empty, or missing beside its log", () => {
      writeFileSync(path, "");
      expect(refusal(path)).toBe("store-damaged");
      expect(statSync(path).size).toBe(0);
      rmSync(path);
      writeFileSync(`${path}-wal`, "something");
      expect(refusal(path)).toBe("store-damaged");
      expect(existsSync(path)).toBe(false);
    });

    it.each([
      ["text", Buffer.from("hello, this is no database\n".repeat(100))],
      ["zeros", Buffer.alloc(8192)],
      ["one byte", Buffer.from([0x53])],
      ["the beginning of a header", Buffer.from("SQLite format 3\0")],
    ])("is refused when it is %s, and left as it was", (_, bytes) => {
      writeFileSync(path, bytes);
      expect(refusal(path)).toBe("store-damaged");
      expect(readFileSync(path)).toEqual(bytes);
    });

    it("is refused when it is a database of somebody else", () => {
      const database = new DatabaseSync(path);
      database.exec("CREATE TABLE theirs (x)");
      database.close();
      expect(refusal(path)).toBe("store-damaged");
    });

    it("is refused when a newer version wrote it", async () => {
      await open(path)[Symbol.asyncDispose]();
      const database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 99");
      database.close();
      expect(refusal(path)).toBe("store-too-new");
    });

    it("is refused when a document has changed under its checksum", async () => {
      const store = open(path);
      await put(store, MAPS, "a", "genuine");
      await store[Symbol.asyncDispose]();
      const database = new DatabaseSync(path);
      database.exec("UPDATE log SET document = replace(document, 'genuine', 'forged!')");
      database.close();
      expect(refusal(path)).toBe("store-damaged");
    });

    /** A store with some past, closed, and what it holds. */
    const written = async (): Promise<{ bytes: Buffer; expected: unknown[] }> => {
      const store = open(path);
      for (let i = 0; i < 120; i++) await put(store, MAPS, `k${i % 10}`, `${i} `.repeat(i));
      const expected = contents(store);
      await store[Symbol.asyncDispose]();
      return { bytes: readFileSync(path), expected };
    };

    it("is refused when pages are missing at its end", async () => {
      const { bytes } = await written();
      fc.assert(
        fc.property(fc.nat({ max: bytes.length - 4096 }), (length) => {
          writeFileSync(path, bytes.subarray(0, length));
          expect(refusal(path)).toBe("store-damaged");
        }),
        { numRuns: 40 },
      );
    });

    it("is refused, or whole, when some bytes have changed", async () => {
      const { bytes, expected } = await written();
      await fc.assert(
        fc.asyncProperty(
          // The header is small, and every byte of it means something else.
          fc.oneof(fc.nat({ max: 99 }), fc.nat({ max: bytes.length - 1 })),
          fc.uint8Array({ minLength: 1, maxLength: 64 }),
          async (at, garbage) => {
            const changed = Buffer.from(bytes);
            changed.set(garbage.subarray(0, bytes.length - at), at);
            writeFileSync(path, changed);
            let store: Store;
            try {
              store = open(path);
            } catch (error) {
              expect((error as AppError).code).toMatch(/^store-(damaged|too-new)$/);
              return;
            }
            expect(contents(store)).toEqual(expected);
            await store[Symbol.asyncDispose]();
          },
        ),
        { numRuns: 150 },
      );
    });

    it("tells a beginning of what was written when the end of its log is missing or changed", async () => {
      const store = open(path);
      const states = [contents(store)];
      for (let i = 0; i < 40; i++) {
        await put(store, MAPS, `k${i % 5}`, i);
        states.push(contents(store));
      }
      const [main, wal] = [readFileSync(path), readFileSync(`${path}-wal`)];
      await store[Symbol.asyncDispose]();
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: wal.length }), fc.boolean(), async (at, cut) => {
          const copy = fresh();
          writeFileSync(copy, main);
          writeFileSync(
            `${copy}-wal`,
            cut ? wal.subarray(0, at) : Buffer.concat([wal.subarray(0, at), Buffer.alloc(wal.length - at, 0x5a)]),
          );
          await using recovered = open(copy);
          expect(states).toContainEqual(contents(recovered));
        }),
        { numRuns: 40 },
      );
    });
  });

  it("says so when its directory is not there", () => {
    expect(refusal(join(directory, "missing", "store.db"))).toBe("store-unwritable");
  });

  it("is opened when only its mode is odd", async () => {
    await open(path)[Symbol.asyncDispose]();
    chmodSync(path, 0o640);
    await open(path)[Symbol.asyncDispose]();
  });
});
