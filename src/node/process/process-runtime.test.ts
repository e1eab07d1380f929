import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../lib/clock.ts";
import { systemClock as clock } from "../../main/system-clock.ts";
import type { ContainerSpec, Running } from "../runtime.ts";
import { findHostTools, type Isolation, probeIsolation } from "./host-tools.ts";
import { instanceFiles } from "./instance-files.ts";
import { readStat } from "./process-identity.ts";
import { ProcessRuntime } from "./process-runtime.ts";
import { removeTree } from "./remove-tree.ts";
import { processesWith } from "../../../test/support/processes.ts";

const tools = findHostTools();
const probeDir = realpathSync(mkdtempSync(join(tmpdir(), "sluice-probe-")));
const found = await probeIsolation(tools, probeDir);
const unconfined: Isolation = { ...found, namespaces: false };
afterAll(() => removeTree(probeDir));

const nodeDir = dirname(realpathSync(process.execPath));
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

let home: string;
let image: string;
let runtime: ProcessRuntime;
let running: Running[];

/** A runtime as a control process makes it: nothing is known of earlier ones. */
const newRuntime = (isolation: Isolation, by: Clock = clock): ProcessRuntime =>
  new ProcessRuntime({ home, tools, isolation, clock: by, nodeDir });

function setUp(isolation: Isolation): void {
  beforeEach(async () => {
    home = realpathSync(mkdtempSync(join(tmpdir(), "sluice-runtime-")));
    image = join(home, "image");
    mkdirSync(join(image, "app"), { recursive: true });
    runtime = newRuntime(isolation);
    running = [];
    await runtime.preparePod({
      uid: "u1",
      namespace: "ns",
      name: "pod",
      hostname: "pod-1",
      hosts: "127.64.0.9 shop\n",
      resolvConf: "search x\n",
    });
  });
  afterEach(async () => {
    for (const one of running) one.kill();
    await Promise.all(running.map(({ exited }) => exited));
    removeTree(home);
  });
}

const logPath = () => join(home, "logs/0.log");
const log = () => readFileSync(logPath(), "utf8");

async function start(command: readonly string[], change: Partial<ContainerSpec> = {}): Promise<Running> {
  const one = await runtime.start({
    podUid: "u1",
    name: "c",
    instance: 0,
    image: { id: "sha256:0", name: "docker.io/library/x:1", reference: "docker.io/library/x@sha256:1" },
    imageRoot: image,
    command,
    workingDir: "/",
    env: { PATH },
    mounts: [],
    logPath: logPath(),
    hash: "h",
    ...change,
  });
  running.push(one);
  return one;
}

const sh = (script: string, change: Partial<ContainerSpec> = {}) => start(["sh", "-c", script], change);

/** Runs a script to its end and gives its output. */
async function outputOf(script: string, change: Partial<ContainerSpec> = {}): Promise<string> {
  const { exited } = await sh(script, change);
  await exited;
  return log();
}

/** Until the program has said so in its log. */
async function said(text: string): Promise<void> {
  while (!existsSync(logPath()) || !log().includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Processes whose command line holds `mark`. */
function everyRuntime(): void {
  test("runs a program, with its output and exit code", async () => {
    const one = await sh("echo out; echo err >&2; exit 7");
    const exit = await one.exited;
    expect(exit).toMatchObject({ code: 7, lost: false });
    expect(exit.at).toBeGreaterThanOrEqual(one.startedAt);
    expect(log()).toBe("out\nerr\n");
    expect(one.id).toBe("process://u1/c/0");
  });

  test("gives the program its environment and nothing else", async () => {
    const env = { PATH, A: "1 'q' \"d\" $x\nline", "spring.name": "dotted", LD_X: "l", EMPTY: "" };
    writeFileSync(join(image, "app/env.js"), "console.log(JSON.stringify(process.env))");
    const { exited } = await start(["node", "/app/env.js"], { env });
    await exited;
    const { PATH: path, SLUICE_CONTAINER: _, ...seen } = JSON.parse(log()) as Record<string, string>;
    expect(path?.endsWith(`:${PATH}`)).toBe(true);
    expect(seen).toEqual({ A: env.A, "spring.name": "dotted", LD_X: "l", EMPTY: "" });
  });

  test("runs the program in its working directory", async () => {
    writeFileSync(join(image, "app/file"), "here");
    expect(await outputOf("cat file", { workingDir: "/app" })).toBe("here");
  });

  test("gives it nothing on its standard input, and no stray descriptors", async () => {
    const output = await outputOf("cat; ls /proc/self/fd");
    // ls itself has the directory open as 3; high ones come from whatever started the tests.
    expect(
      output
        .trim()
        .split("\n")
        .filter((fd) => Number(fd) < 10),
    ).toEqual(["0", "1", "2", "3"]);
  });

  test("signals reach the program, which may answer them", async () => {
    const one = await sh('trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.01; done');
    await said("up");
    one.signal("SIGTERM");
    expect(await one.exited).toMatchObject({ code: 3 });
    expect(log()).toBe("up\nbye\n");
  });

  test.each(["SIGINT", "SIGQUIT", "SIGUSR1", "SIGHUP"] as const)("%s is not ignored by default", async (name) => {
    const one = await start(["sleep", "60"]);
    one.signal(name);
    const codes = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGUSR1: 138 };
    expect((await one.exited).code).toBe(codes[name]);
  });

  test("what ignores SIGTERM, forks, forks away and starts sessions is all gone after kill", async () => {
    const mark = `sleep 98${process.pid}`;
    const one = await sh(
      `trap "" TERM INT HUP; ${mark} & (${mark} &) ; setsid ${mark} & (setsid sh -c "${mark} & ${mark}" &) ; echo up; wait; ${mark}`,
    );
    await said("up");
    while (processesWith(`98${process.pid}`).length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    one.signal("SIGTERM");
    one.kill();
    expect(await one.exited).toMatchObject({ code: 137 });
    expect(processesWith(`98${process.pid}`)).toEqual([]);
  });

  test("what a program forked away dies with it", async () => {
    const mark = `97${process.pid}`;
    const one = await sh(`setsid sleep ${mark} & (setsid sleep ${mark} &); echo up`);
    expect(await one.exited).toMatchObject({ code: 0 });
    expect(processesWith(mark)).toEqual([]);
  });

  test.each<[string, readonly string[], string]>([
    ["a command that is not there", ["nosuchthing"], 'exec: "nosuchthing": executable file not found in $PATH'],
    ["a path that is not there", ["/app/none"], 'exec: "/app/none": stat /app/none: no such file or directory'],
    ["a file that may not be executed", ["/app/plain"], 'exec: "/app/plain": permission denied'],
    ["a directory", ["/app"], 'exec: "/app": is a directory'],
  ])("%s fails to start", async (_, command, message) => {
    writeFileSync(join(image, "app/plain"), "");
    await expect(start(command)).rejects.toMatchObject({
      reason: "StartError",
      message: `unable to start container process: ${message}`,
    });
    expect(readdirSync(join(home, "pods/u1/containers/c"))).toEqual([]);
  });

  test("the image is not written to", async () => {
    writeFileSync(join(image, "app/data"), "old");
    expect(await outputOf("echo new >data; cat data", { workingDir: "/app" })).toBe("new\n");
    expect(readFileSync(join(image, "app/data"), "utf8")).toBe("old");
  });

  test("volumes are there, and keep what is written", async () => {
    mkdirSync(join(home, "vol"));
    const mounts = [{ source: join(home, "vol"), target: "/data/deep", readOnly: false }];
    writeFileSync(join(image, "app/w.js"), 'require("fs").writeFileSync(process.env.FILE, "kept")');
    const { exited } = await start(["node", "/app/w.js"], { mounts, env: { PATH, FILE: "/data/deep/x" } });
    expect(await exited).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, "vol/x"), "utf8")).toBe("kept");
  });

  test("exec runs a command beside the program", async () => {
    writeFileSync(join(image, "app/file"), "inside");
    const one = await start(["sleep", "60"], { workingDir: "/app", env: { PATH, A: "1" } });
    const chunks: string[] = [];
    const output = (stream: string, chunk: Buffer) => void chunks.push(`${stream}:${chunk.toString()}`);
    expect(await runtime.exec(one, ["sh", "-c", "cat file; printf $A >&2; exit 4"], { output })).toEqual({ code: 4 });
    expect(chunks.sort()).toEqual(["stderr:1", "stdout:inside"]);
  });

  test("exec ends when it is aborted", async () => {
    const mark = `96${process.pid}`;
    const one = await start(["sleep", "60"]);
    const abort = new AbortController();
    const done = runtime.exec(one, ["sh", "-c", `echo up; sleep ${mark}; true`], {
      signal: abort.signal,
      output: () => abort.abort(new Error("too long")),
    });
    await expect(done).rejects.toThrow("too long");
    while (processesWith(mark).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("exec ends when it is aborted though something it left behind holds its output open", async () => {
    const one = await start(["sleep", "60"]);
    const abort = new AbortController();
    const done = runtime.exec(one, ["sh", "-c", "setsid sleep 60 & echo up"], {
      signal: abort.signal,
      output: () => abort.abort(new Error("too long")),
    });
    await expect(done).rejects.toThrow("too long");
  });

  test("a later control process adopts what runs, and hears of its end", async () => {
    const first = await sh('trap "exit 5" TERM; echo up; while :; do sleep 0.01; done');
    await said("up");
    const [second] = await newRuntime(found).adopt();
    expect(second).toMatchObject({
      id: first.id,
      image: { id: "sha256:0" },
      hash: "h",
      stale: false,
      startedAt: first.startedAt,
    });
    second!.signal("SIGTERM");
    expect(await second!.exited).toMatchObject({ code: 5, lost: false });
    expect(await first.exited).toEqual(await second!.exited);
  });

  test("a later control process hears how a program ended meanwhile", async () => {
    const first = await sh("exit 9");
    const exit = await first.exited;
    const [second] = await newRuntime(found).adopt();
    expect(await second!.exited).toEqual(exit);
    await runtime.removeContainer(first);
    expect(await runtime.adopt()).toEqual([]);
  });

  test("a shim that has not begun when its control process dies never begins", async () => {
    const first = await sh("echo ran");
    await first.exited;
    const { dir, shim, shimStat, lifeLine, programStat, exit } = instanceFiles(join(home, "pods"), first);
    for (const file of [shimStat, lifeLine, programStat]) rmSync(file);
    writeFileSync(exit, "");
    const [second] = await newRuntime(found).adopt();
    expect(await second!.exited).toMatchObject({ code: 137, lost: true });
    expect(spawnSync("sh", [shim], { cwd: dir, stdio: "ignore" }).status).toBe(125);
    expect(log()).toBe("ran\n");
  });

  test("a shim that has just begun when its control process dies is found", async () => {
    const first = await sh("sleep 60");
    const { shimStat } = instanceFiles(join(home, "pods"), first);
    const stat = readFileSync(shimStat);
    rmSync(shimStat);
    const adopting = newRuntime(found).adopt();
    writeFileSync(shimStat, stat);
    const [second] = await adopting;
    second!.kill();
    expect(await second!.exited).toMatchObject({ code: 137, lost: false });
  });

  test("a shim that takes too long to begin when its control process dies never does", async () => {
    const first = await sh("echo ran");
    await first.exited;
    const { dir, shim, shimStat, lifeLine, programStat, exit } = instanceFiles(join(home, "pods"), first);
    for (const file of [shimStat, programStat]) rmSync(file);
    writeFileSync(exit, "");
    let time = 0;
    const [second] = await newRuntime(found, { ...clock, now: () => (time += 2000) }).adopt();
    expect(await second!.exited).toMatchObject({ code: 137, lost: true });
    rmSync(lifeLine);
    expect(spawnSync("sh", [shim], { cwd: dir, stdio: "ignore" }).status).toBe(125);
    expect(log()).toBe("ran\n");
  });

  test("a shim that is slow to see the end of its program still tells of it", async () => {
    const first = await sh("sleep 60");
    const shim = readStat(instanceFiles(join(home, "pods"), first).shimStat)!;
    const [second] = await newRuntime(found).adopt();
    process.kill(shim.pid, "SIGSTOP");
    second!.kill();
    process.kill(shim.pid, "SIGCONT");
    expect(await second!.exited).toMatchObject({ code: 137, lost: false });
  });

  test("a restart of the machine ends everything", async () => {
    await start(["sleep", "60"]);
    const path = join(home, "pods/u1/containers/c/0/container.json");
    const record = JSON.parse(readFileSync(path, "utf8")) as object;
    writeFileSync(path, JSON.stringify({ ...record, bootId: "another" }));
    const [second] = await newRuntime(found).adopt();
    expect(second!.stale).toBe(true);
    expect(await second!.exited).toMatchObject({ code: 137, lost: true });
  });

  test("a shim that was killed takes everything along", async () => {
    const mark = `95${process.pid}`;
    const one = await sh(`sleep ${mark}; true`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stat = readFileSync(join(home, "pods/u1/containers/c/0/shim.stat"), "utf8");
    process.kill(Number.parseInt(stat, 10), "SIGKILL");
    expect(await one.exited).toMatchObject({ code: 137 });
    expect(processesWith(mark)).toEqual([]);
  });
}

describe.skipIf(!found.namespaces)(`in namespaces${found.namespaces ? "" : ` (skipped: ${found.why})`}`, () => {
  setUp(found);
  everyRuntime();

  test("a program-only image lies over the machine's root", async () => {
    mkdirSync(join(image, "etc"));
    writeFileSync(join(image, "etc/app.conf"), "conf");
    const output = await outputOf("cat /etc/app.conf; test -e /etc/passwd && echo passwd; ls /app; hostname");
    expect(output).toBe("confpasswd\npod-1\n");
  });

  test("an image may bring what the machine has as a link", async () => {
    mkdirSync(join(image, "bin"));
    writeFileSync(join(image, "bin/mytool"), "#!/bin/sh\necho tool\n");
    chmodSync(join(image, "bin/mytool"), 0o755);
    // /bin/sh alone would make it an image with its own userland
    expect(await outputOf("mytool; /bin/echo ok")).toBe("tool\nok\n");
  });

  test("an image with its own userland is the root", async () => {
    for (const path of ["bin", "lib", "etc"]) mkdirSync(join(image, path), { recursive: true });
    const libraries = new Set<string>();
    for (const line of (await import("node:child_process"))
      .execFileSync("ldd", ["/bin/dash"], { encoding: "utf8" })
      .split("\n")) {
      const path = /(\/\S+) \(/.exec(line)?.[1];
      if (path !== undefined) libraries.add(path);
    }
    const { copyFileSync } = await import("node:fs");
    copyFileSync("/bin/dash", join(image, "bin/sh"));
    chmodSync(join(image, "bin/sh"), 0o755);
    for (const path of libraries) {
      mkdirSync(join(image, dirname(path)), { recursive: true });
      copyFileSync(path, join(image, path));
      chmodSync(join(image, path), 0o755);
    }
    const one = await start([
      "/bin/sh",
      "-c",
      'echo /*; echo $PATH; read -r l </etc/hosts; echo "$l"; echo x >/app/new; : >/dev/null; read -r l </proc/self/stat; echo "${l%% *}"',
    ]);
    expect(await one.exited).toMatchObject({ code: 0 });
    const [top, path, hosts, pid] = log().split("\n");
    expect(top).not.toContain("/usr");
    expect(top).toContain("/proc");
    expect(path).toBe(PATH);
    expect(hosts).toBe("127.64.0.9 shop");
    expect(Number(pid)).toBeLessThan(20);
    expect(readdirSync(join(image, "app"))).toEqual([]);
  });

  test("the pod has its own names, which change while it runs", async () => {
    const pod = { uid: "u1", namespace: "ns", name: "pod", hostname: "pod-1" };
    await sh(
      "cat /etc/hosts /etc/resolv.conf; echo up; until grep -q news /etc/hosts; do sleep 0.01; done; getent hosts news",
    );
    await said("up");
    expect(log()).toBe("127.64.0.9 shop\nsearch x\nup\n");
    await runtime.preparePod({ ...pod, hosts: "127.64.0.10 news shop\n" });
    await said("127.64.0.10");
  });

  test("the machine cannot be changed, the program's own places can", async () => {
    const output = await outputOf(
      "for d in /usr /etc /tmp /run /var/tmp /dev /dev/shm /app /; do (: >$d/sluice-test) 2>/dev/null && echo $d; done; true",
    );
    expect(output.trim().split("\n")).toEqual(["/etc", "/tmp", "/run", "/var/tmp", "/dev", "/dev/shm", "/app", "/"]);
    for (const dir of ["/usr", "/etc", "/tmp", "/run", "/var/tmp", "/dev", "/dev/shm", "/"])
      expect(existsSync(join(dir, "sluice-test"))).toBe(false);
  });

  test("a read-only root and a read-only volume are read-only", async () => {
    mkdirSync(join(home, "vol"));
    const mounts = [{ source: join(home, "vol"), target: "/app/vol", readOnly: true }];
    const output = await outputOf("for d in /etc /app /app/vol; do (: >$d/x) 2>/dev/null && echo $d; done; echo end", {
      readOnlyRoot: true,
      mounts,
    });
    expect(output).toBe("end\n");
  });

  test("single files, nested volumes and places below the machine's directories can be mounted", async () => {
    for (const name of ["a", "b"]) mkdirSync(join(home, name));
    writeFileSync(join(home, "a/1"), "one");
    writeFileSync(join(home, "b/2"), "two");
    const mounts = [
      { source: join(home, "b"), target: "/var/lib/x/inner", readOnly: false },
      { source: join(home, "a"), target: "/var/lib/x", readOnly: false },
      { source: join(home, "a/1"), target: "/etc/conf.d/one", readOnly: true },
      { source: join(home, "b/2"), target: "/usr/share/sluice/two", readOnly: true },
      { source: join(home, "a/1"), target: "/dev/termination-log", readOnly: false },
      { source: join(home, "a/1"), target: "/root/x y/1", readOnly: false },
    ];
    const output = await outputOf(
      "cat /var/lib/x/1 /var/lib/x/inner/2 /etc/conf.d/one /usr/share/sluice/two /dev/termination-log '/root/x y/1'; ls /usr/share >/dev/null",
      { mounts },
    );
    expect(output).toBe("onetwoonetwooneone");
  });

  test("the engine's home is hidden, and Node is found all the same", async () => {
    writeFileSync(join(home, "secret"), "key");
    const output = await outputOf(`cat ${home}/secret 2>/dev/null || echo hidden; node -p 1+1`);
    expect(output).toBe("hidden\n2\n");
  });

  test("processes see only their own", async () => {
    expect(await outputOf("ls /proc | grep -c '^[0-9]'")).toMatch(/^[1-9]\n$/);
  });

  test("what cannot be mounted fails to start, and says why", async () => {
    const { rm } = await import("node:fs/promises");
    mkdirSync(join(home, "gone"));
    const mounts = [{ source: join(home, "gone"), target: "/proc/1/x", readOnly: false }];
    await expect(sh("true", { mounts })).rejects.toMatchObject({ reason: "CreateContainerError" });
    await rm(join(home, "gone"), { recursive: true });
    await expect(sh("true", { mounts })).rejects.toThrow("ENOENT");
  });

  test("orphans are reaped", async () => {
    expect(
      await outputOf(
        "for i in 1 2 3; do (sh -c 'sleep 0.01 & exit') ; done; sleep 0.2; ps -o stat= -A 2>/dev/null | grep -c Z",
      ),
    ).toBe("0\n");
  });

  test("a program may run as another user", async () => {
    expect(await outputOf("id -u; id -g; echo x >/app/own && echo wrote", { user: { uid: 1234, gid: 2345 } })).toMatch(
      process.getuid?.() === 0 ? /^1234\n2345\n/ : /^1234\n2345\nwrote\n$/,
    );
  });
});

describe("where namespaces are forbidden", () => {
  setUp(unconfined);
  everyRuntime();

  test("paths of the image and of volumes are rewritten", async () => {
    mkdirSync(join(home, "vol"));
    writeFileSync(join(home, "vol/v"), "volume");
    writeFileSync(join(image, "app/a"), "image ");
    const { exited } = await start(["cat", "/app/a", "/data/v"], {
      mounts: [{ source: join(home, "vol"), target: "/data", readOnly: false }],
    });
    await exited;
    expect(log()).toBe("image volume");
  });
});
