import { statfsSync, watch } from "node:fs";
import { AppError } from "../lib/app-error.ts";
import type { Cancel, Clock } from "../lib/clock.ts";
import type { Home } from "./home.ts";
import { type ProcessRecord, readRecord, readyPid } from "./process-record.ts";
import { feelPulse } from "./pulse.ts";
import { type ProcessSpec, startRespawner } from "./respawner.ts";

/** How long a process that runs may take to answer somebody who waits for it. Milliseconds. */
const PULSE_TIMEOUT = 5000;

/**
 * Makes it true that every process of `specs` runs under a respawner. A process whose respawner was killed is ended
 * gracefully first (nobody would bring it back), one after the other, so that another mesh worker always serves. One that hangs
 * is killed, for its respawner to bring it back.
 */
export async function ensureRunning(home: Home, specs: readonly ProcessSpec[], clock: Clock): Promise<void> {
  for (const spec of specs) {
    const record = readRecord(home.run, spec.name);
    if (record.respawner !== undefined) {
      await killHanging(home, spec.name, clock);
      continue;
    }
    if (record.pid !== undefined) await stopProcesses(home, [spec.name], clock, 35_000);
    startRespawner(home, spec);
  }
}

async function killHanging(home: Home, name: string, clock: Clock): Promise<void> {
  const { run } = home;
  const pid = readyPid(run, name);
  if (pid === undefined || (await feelPulse(run, name, clock, PULSE_TIMEOUT)) !== "still") return;
  kill(pid, "SIGKILL");
  await until(home, clock, KILL_TIMEOUT, () => readyPid(run, name) !== pid);
}

/**
 * Resolves when the process says that it is ready; throws what it says when it failed, `start-timeout` after `timeout`
 * milliseconds, or the signal's reason when it is aborted.
 */
export async function untilReady(
  home: Home,
  name: string,
  clock: Clock,
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  const settled = (): ProcessRecord | undefined => {
    const record = readRecord(home.run, name);
    if (record.state?.phase === "failed") return record;
    return readyPid(home.run, name) === undefined ? undefined : record;
  };
  if (!(await until(home, clock, timeout, () => signal.aborted || settled() !== undefined)))
    throw new AppError(
      "start-timeout",
      `${name} is not ready after ${timeout / 1000} s${isFull(home) ? ": the disk is full" : ""}; see ${home.logs}/${name}.log`,
    );
  signal.throwIfAborted();
  const state = settled()?.state;
  if (state?.phase === "failed") throw new AppError(state.code ?? "start-failed", state.message ?? `${name} failed`);
}

const isFull = (home: Home): boolean => statfsSync(home.root).bavail === 0;

/** Resolves when the control process has been stopped for good (`sluice down`), or the signal is aborted. */
export async function untilStopped(home: Home, clock: Clock, signal: AbortSignal): Promise<void> {
  const isStopped = (): boolean => readRecord(home.run, "control").respawner === undefined;
  await until(home, clock, Number.POSITIVE_INFINITY, () => signal.aborted || isStopped());
}

/** Milliseconds that the kernel may need to end what was killed. */
const KILL_TIMEOUT = 5000;

/** Ends the respawners and their processes and waits until they are gone; `timeout` later they are killed. */
export async function stopProcesses(
  home: Home,
  names: readonly string[],
  clock: Clock,
  timeout: number,
): Promise<void> {
  const records = (): readonly ProcessRecord[] => names.map((name) => readRecord(home.run, name));
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid, respawner } of records()) {
      for (const target of [respawner, respawner === undefined || name === "SIGKILL" ? pid : undefined])
        if (target !== undefined) kill(target, name);
    }
  };
  signal("SIGTERM");
  const gone = (): boolean => records().every((r) => r.pid === undefined && r.respawner === undefined);
  if (await until(home, clock, timeout, gone)) return;
  signal("SIGKILL");
  await until(home, clock, KILL_TIMEOUT, gone);
}

/** Sends the signal; that the process has ended meanwhile is no error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Waits for `condition`, looking whenever something changes in HOME/run. The death of a process by SIGKILL changes no file
 * there, so it also looks every 50 ms. False when `timeout` milliseconds have passed.
 */
async function until(home: Home, clock: Clock, timeout: number, condition: () => boolean): Promise<boolean> {
  const deadline = clock.monotonic() + timeout;
  while (!condition()) {
    if (clock.monotonic() >= deadline) return false;
    await nextChange(home.run, clock);
  }
  return true;
}

function nextChange(folder: string, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    let cancel: Cancel = () => undefined;
    const watcher = watch(folder, () => done());
    const done = (): void => {
      cancel();
      watcher.close();
      resolve();
    };
    cancel = clock.after(50, done);
  });
}
