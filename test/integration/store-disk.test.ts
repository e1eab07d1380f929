import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/object.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { openSqliteStore } from "../../src/store/sqlite-file.ts";
import type { Store, Written } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { smallDisk } from "../support/small-disk.ts";

const MAPS = "/configmaps";
const isRoot = process.getuid?.() === 0;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-disk-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(store: Store, key: string, size: number): Promise<Written> {
  return store.write(MAPS, key, (_, revision) => {
    const metadata = { name: key, uid: key, resourceVersion: String(revision), creationTimestamp: "" };
    return {
      kind: "put",
      object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { size, filler: "x".repeat(size) } } as KubeObject,
    };
  });
}

describe("a store on a disk", () => {
  it("that is full refuses writes in plain words, reads on, writes again when there is room, and loses nothing", async ({
    skip,
  }) => {
    using disk = smallDisk(directory, "1m");
    if (!disk) return skip("mounting a small tmpfs needs root");
    const ballast = join(disk.path, "ballast");
    writeFileSync(ballast, Buffer.alloc(400_000));
    const path = join(disk.path, "store.db");
    const acknowledged = new Map<string, string>();
    const options = { clock: new FakeClock(), log: silentLogger };
    {
      await using store = openSqliteStore(path, options);
      let refusals = 0;
      for (let i = 0; refusals < 20; i++) {
        const key = `k${i % 30}`;
        try {
          const { object } = await put(store, key, 9000 + (i % 7));
          acknowledged.set(key, object.metadata.resourceVersion);
        } catch (error) {
          refusals += 1;
          expect(error).toMatchObject({
            reason: "InternalError",
            code: 500,
            message: `cannot write to ${path}: the disk is full`,
          });
        }
        expect(store.list(MAPS)).toHaveLength(acknowledged.size);
      }
      rmSync(ballast);
      const { object } = await put(store, "after", 9000);
      acknowledged.set("after", object.metadata.resourceVersion);
    }
    await using again = openSqliteStore(path, options);
    expect(new Map(again.list(MAPS).map(({ metadata }) => [metadata.name, metadata.resourceVersion]))).toEqual(
      acknowledged,
    );
  });

  it("that is full cannot be made, in plain words, and can when there is room", async ({ skip }) => {
    using disk = smallDisk(directory, "16k");
    if (!disk) return skip("mounting a small tmpfs needs root");
    const path = join(disk.path, "store.db");
    const open = (): Store => openSqliteStore(path, { clock: new FakeClock(), log: silentLogger });
    // Room for the file, not for its log; for half the file; for next to nothing.
    for (const size of ["16k", "8k", "4k"]) {
      disk.resize(size);
      expect(open, size).toThrow(`cannot open ${path}: the disk is full`);
    }
    disk.resize("1m");
    await using store = open();
    await put(store, "k", 1);
  });

  it("that is full still opens and reads", async ({ skip }) => {
    using disk = smallDisk(directory, "1m");
    if (!disk) return skip("mounting a small tmpfs needs root");
    const path = join(disk.path, "store.db");
    const options = { clock: new FakeClock(), log: silentLogger };
    const before = openSqliteStore(path, options);
    await put(before, "a", 10);
    await before[Symbol.asyncDispose]();
    for (let size = 512 * 1024; size >= 1; size = Math.floor(size / 2)) {
      try {
        writeFileSync(join(disk.path, `ballast-${size}`), Buffer.alloc(size));
      } catch {
        // As full as it gets with files of this size.
      }
    }
    await using store = openSqliteStore(path, options);
    expect(store.list(MAPS)).toHaveLength(1);
    await expect(put(store, "b", 10)).rejects.toMatchObject({ reason: "InternalError" });
    expect(store.list(MAPS)).toHaveLength(1);
  });

  it("that is read-only is refused when it is opened, in plain words", async ({ skip }) => {
    const path = join(directory, "store.db");
    await openSqliteStore(path, { clock: new FakeClock(), log: silentLogger })[Symbol.asyncDispose]();
    const program = join(directory, "open.ts");
    const source = join(import.meta.dirname, "../../src");
    writeFileSync(
      program,
      `import { openSqliteStore } from ${JSON.stringify(join(source, "store/sqlite-file.ts"))};
import { silentLogger } from ${JSON.stringify(join(source, "observe/logger.ts"))};
const clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };
for (const path of process.argv.slice(2)) {
  try {
    openSqliteStore(path, { clock, log: silentLogger });
    console.log("opened");
  } catch (error) {
    console.log(error.code, error.message);
  }
}`,
    );
    // Root may write everywhere: another user tries.
    const nobody = 65_534;
    chmodSync(directory, 0o555);
    chmodSync(path, isRoot ? 0o644 : 0o444);
    if (isRoot) chownSync(path, nobody, nobody);
    const user = { encoding: "utf8", ...(isRoot && { uid: nobody, gid: nobody }) } as const;
    const reach = spawnSync(
      process.execPath,
      ["--eval", `fs.readFileSync(${JSON.stringify(join(source, "store/store.ts"))})`],
      user,
    );
    if (reach.status !== 0) return skip("the user nobody cannot read this checkout");
    const { stdout, stderr } = spawnSync(process.execPath, [program, path, join(directory, "new.db")], user);
    chmodSync(directory, 0o755);
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(
        /^store-unwritable cannot open .*store\.db: the file or its directory (is read-only|cannot be opened)$/,
      ),
      expect.stringMatching(/^store-unwritable cannot open .*new\.db: EACCES: permission denied/),
    ]);
  });
});
