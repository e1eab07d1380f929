import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { silentLogger } from "../observe/logger.ts";
import { writeState } from "./process-record.ts";
import { feelPulse, startPulse } from "./pulse.ts";
import { Watchdog } from "./watchdog.ts";

let run: string;
let clock: FakeClock;
let killed: number[];
let stack: AsyncDisposableStack;

beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "sluice-run-"));
  clock = new FakeClock();
  killed = [];
  stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(run, { recursive: true }));
});
afterEach(() => stack.disposeAsync());

/** What a respawner writes down of its process: ours stands for all. */
function recordProcess(name: string, phase: "starting" | "ready"): void {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  writeFileSync(join(run, `${name}.pid`), `${process.pid} ${ticks} ${boot}`);
  writeState(run, name, { pid: process.pid, phase });
}

/** A process that hangs: the kernel takes connections for it, nobody answers. */
function hang(name: string): Promise<void> {
  const server = createServer((socket) => stack.defer(() => void socket.destroy()));
  stack.defer(() => void server.close());
  return new Promise((resolve) => server.listen(join(run, `${name}.pulse`), resolve));
}

function watchdog(): void {
  const kill = (pid: number): void => void killed.push(pid);
  const names = (): readonly string[] => ["mesh-1"];
  stack.use(new Watchdog({ run, names, patience: 10_000, clock, log: silentLogger, kill }).start());
}

test("a process whose event loop turns has a pulse", async () => {
  stack.use(await startPulse(run, "mesh-1"));
  expect(await feelPulse(run, "mesh-1", clock, 1000)).toBe("beats");
  expect(clock.pending).toBe(0);
});

test("a pulse is taken up from one who was killed", async () => {
  writeFileSync(join(run, "mesh-1.pulse"), "");
  stack.use(await startPulse(run, "mesh-1"));
  expect(await feelPulse(run, "mesh-1", clock, 1000)).toBe("beats");
});

test("nobody to ask says nothing", async () => {
  expect(await feelPulse(run, "mesh-1", clock, 1000)).toBe("unknown");
  expect(await feelPulse(join(run, "x".repeat(120)), "mesh-1", clock, 1000)).toBe("unknown");
});

test("one that hangs is killed when it owes two answers", async () => {
  recordProcess("mesh-1", "ready");
  await hang("mesh-1");
  watchdog();
  await clock.advance(9_999);
  expect(killed).toEqual([]);
  await clock.advance(1);
  expect(killed).toEqual([process.pid]);
});

test("one that is only starting is left alone", async () => {
  recordProcess("mesh-1", "starting");
  await hang("mesh-1");
  watchdog();
  await clock.advance(60_000);
  expect(killed).toEqual([]);
});

test("one that has begun anew meanwhile is left alone", async () => {
  recordProcess("mesh-1", "ready");
  await hang("mesh-1");
  watchdog();
  await clock.advance(6_000);
  writeState(run, "mesh-1", { pid: process.pid, phase: "starting" });
  await clock.advance(60_000);
  expect(killed).toEqual([]);
});
