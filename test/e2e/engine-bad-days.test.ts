import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRecord } from "../../src/engine/process-record.ts";
import { EngineUnderTest, eventually, sluice } from "../support/engine-under-test.ts";
import { smallDisk } from "../support/small-disk.ts";
import { processesWith } from "../support/processes.ts";

/** What may befall a home and the processes of an engine. */

let stack: AsyncDisposableStack;
let folder: string;
beforeEach(() => {
  stack = new AsyncDisposableStack();
  folder = mkdtempSync(join(tmpdir(), "sluice-bad-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(() => stack.disposeAsync());

const KINDS = ["control", "mesh-1", "mesh-2"];

/** An image that only sleeps, and does not heed SIGTERM; `mark` is in its command line. */
async function deployPod(home: string, mark: string): Promise<void> {
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await sluice(home, ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  };
  const context = join(folder, "image");
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
  await run("image", "build", context, "-t", "bad:1");
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "sleeper" },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "c", image: "bad:1", command: ["sh", "-c", `trap "" TERM; sleep ${mark}; : ${mark}`] }],
    },
  };
  writeFileSync(join(folder, "pod.json"), JSON.stringify(pod));
  await run("apply", "-f", join(folder, "pod.json"));
  await eventually("the pod runs", () => processesWith(`sleep ${mark}`).length > 0);
}

function killAll(home: string): void {
  for (const name of KINDS) {
    const { respawner, pid } = readRecord(join(home, "run"), name);
    for (const each of [respawner, pid]) if (each !== undefined) process.kill(each, "SIGKILL");
  }
}

describe("commands that come together", () => {
  test("up twice and down wait for each other", async () => {
    const home = join(folder, "home");
    const results = await Promise.all([sluice(home, "up"), sluice(home, "up"), sluice(home, "down")]);
    expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(3).fill({ code: 0, stderr: "" }));
    await sluice(home, "down");
    expect(processesWith(home)).toEqual([]);
  });

  test("up in the foreground ends when down is told elsewhere", async () => {
    const home = join(folder, "home");
    const foreground = sluice(home, "up", "--foreground", "--without", "node");
    await eventually("it is ready", async () => (await sluice(home, "status")).code === 0);
    expect((await sluice(home, "down")).code).toBe(0);
    const { code, stdout } = await foreground;
    expect({ code, stdout: stdout.split("\n")[0] }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Sluice is up: https:/) as string,
    });
    expect(processesWith(home)).toEqual([]);
  });

  test("a lock that a dead command left behind hinders nobody", async () => {
    const home = join(folder, "home");
    mkdirSync(join(home, "run"), { recursive: true });
    writeFileSync(join(home, "run/lock"), "");
    const { pid } = process;
    // Records of another boot, whose numbers belong to others now.
    const started = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[19];
    for (const kind of ["pid", "respawner"])
      writeFileSync(join(home, `run/control.${kind}`), `${pid} ${started} boot\n`);
    expect(await sluice(home, "up")).toMatchObject({ code: 0, stderr: "" });
    expect(await sluice(home, "down")).toMatchObject({ code: 0, stdout: "Sluice is down.\n" });
  });
});

describe("down", () => {
  test("ends pods whose control process was killed, with everything else or alone", async () => {
    await using engine = await EngineUnderTest.start();
    const mark = `71${process.pid}`;
    await deployPod(engine.home, mark);
    process.kill(await engine.pid("control"), "SIGKILL");
    expect(await engine.sluice("down")).toBe("Sluice is down.\n");
    expect(processesWith(mark)).toEqual([]);
    await engine.sluice("up");
    await eventually("the pod runs again", () => processesWith(`sleep ${mark}`).length > 0);
    killAll(engine.home);
    expect(processesWith(mark).length).toBeGreaterThan(0);
    expect(await engine.sluice("down")).toBe("Sluice is down.\n");
    expect(processesWith(mark)).toEqual([]);
    expect(processesWith(engine.home)).toEqual([]);
  });
});

describe("a home", () => {
  test("with blanks and quotes, and too long for a unix socket, is as good as any", async () => {
    const home = join(folder, `it's "my" home, $HOME`, "x".repeat(120), "y".repeat(120));
    mkdirSync(home, { recursive: true });
    stack.defer(async () => void (await sluice(home, "down")));
    expect(await sluice(home, "up")).toMatchObject({ code: 0, stderr: "" });
    const mark = `72${process.pid}`;
    await deployPod(home, mark);
    for (const name of KINDS) {
      const { pid } = readRecord(join(home, "run"), name);
      process.kill(pid!, "SIGKILL");
      await eventually(`${name} is back`, () => {
        const record = readRecord(join(home, "run"), name);
        return record.pid !== undefined && record.pid !== pid && record.state?.pid === record.pid;
      });
    }
    // The shell, and what it runs.
    expect(processesWith(`sleep ${mark}`)).toHaveLength(2);
    expect(await sluice(home, "down")).toMatchObject({ code: 0, stdout: "Sluice is down.\n" });
    expect(processesWith(mark)).toEqual([]);
  });

  test("that another engine holds is named with its holder", async () => {
    const home = join(folder, "home");
    expect((await sluice(home, "up", "--without", "node")).code).toBe(0);
    expect((await sluice(home, "down")).code).toBe(0);
    const other = new DatabaseSync(join(home, "store.db"));
    stack.defer(() => other.close());
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const { code, stderr } = await sluice(home, "up");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*store\.db is in use by (another process|process \d+)\n$/);
    expect(processesWith(home)).toEqual([]);
  });

  test("on a read-only file system is named", async ({ skip }) => {
    using disk = smallDisk(folder, "1m");
    if (!disk) return skip("mounting a file system needs root");
    spawnSync("mount", ["-o", "remount,ro", disk.path]);
    for (const home of [disk.path, join(disk.path, "home")]) {
      const { code, stderr } = await sluice(home, "up");
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: .* cannot be used as home: EROFS: read-only file system/);
    }
  });

  test("on a disk that is full from the first is told, and used when there is room", async ({ skip }) => {
    using disk = smallDisk(folder, "64k");
    if (!disk) return skip("mounting a small file system needs root");
    const home = join(disk.path, "home");
    const { code, stderr } = await sluice(home, "up");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*(ENOSPC|full)/);
    expect(processesWith(home)).toEqual([]);
    disk.resize("32m");
    expect(await sluice(home, "up")).toMatchObject({ code: 0, stderr: "" });
    expect((await sluice(home, "down")).code).toBe(0);
  });

  test("whose disk fills up is read, comes back from kills, and takes writes when there is room", async ({ skip }) => {
    using disk = smallDisk(folder, "32m");
    if (!disk) return skip("mounting a small file system needs root");
    const home = join(disk.path, "home");
    stack.defer(async () => void (await sluice(home, "down")));
    expect((await sluice(home, "up")).code).toBe(0);
    const free = disk.fill();
    const before = KINDS.map((name) => readRecord(join(home, "run"), name).pid!);
    for (const pid of before) process.kill(pid, "SIGKILL");
    await eventually("all of it is back", () =>
      KINDS.every((name, i) => {
        const { pid, state } = readRecord(join(home, "run"), name);
        return pid !== undefined && pid !== before[i] && state?.pid === pid && state.phase === "ready";
      }),
    );
    expect(await sluice(home, "up")).toMatchObject({ code: 0, stderr: "" });
    expect((await sluice(home, "get", "service", "kubernetes", "-o", "name")).stdout).toBe("service/kubernetes\n");
    writeFileSync(
      join(folder, "map.json"),
      JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }),
    );
    const refused = await sluice(home, "apply", "-f", join(folder, "map.json"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("store.db: the disk is full");
    free();
    expect((await sluice(home, "apply", "-f", join(folder, "map.json"))).stdout).toBe("configmap/a created\n");
    expect((await sluice(home, "down")).code).toBe(0);
    expect(existsSync(join(home, "store.db"))).toBe(true);
  });
});
