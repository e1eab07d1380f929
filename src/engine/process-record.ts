import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../lib/app-error.ts";
import { isStill, parseStat, type ProcessIdentity } from "../lib/proc-stat.ts";

/**
 * What is known of one process of the engine, in files under HOME/run:
 * `<name>.pid` and `<name>.respawner` hold "pid start-time boot", written by the respawner;
 * `<name>.state` is written by the process itself.
 *
 * A pid alone may have been given to a stranger since; together with the start time (field 22 of /proc/<pid>/stat,
 * clock ticks since boot) and the boot's identity it names one process for ever.
 */
export interface ProcessRecord {
  readonly name: string;
  /** Absent when no such process is alive. */
  readonly pid?: number;
  readonly respawner?: number;
  readonly state?: ProcessState;
}

export interface ProcessState {
  readonly pid: number;
  readonly phase: "starting" | "ready" | "failed";
  /** Of `failed`: a stable code and a sentence for people. */
  readonly code?: string;
  readonly message?: string;
}

export function readRecord(run: string, name: string): ProcessRecord {
  const pid = liveProcess(join(run, `${name}.pid`));
  const respawner = liveProcess(join(run, `${name}.respawner`));
  const state = readState(run, name);
  return {
    name,
    ...(pid !== undefined && { pid }),
    ...(respawner !== undefined && { respawner }),
    ...(state && { state }),
  };
}

/** The process if it is alive and has said that it is ready. */
export function readyPid(run: string, name: string): number | undefined {
  const { pid, state } = readRecord(run, name);
  return state?.phase === "ready" && state.pid === pid ? pid : undefined;
}

/** Names of all processes that left a trace in HOME/run, the control process first. */
export function recordedNames(run: string): readonly string[] {
  let files: readonly string[];
  try {
    files = readdirSync(run);
  } catch {
    return [];
  }
  const names = new Set(files.flatMap((file) => /^(.+)\.(?:pid|respawner)$/.exec(file)?.[1] ?? []));
  return [...names].sort((a, b) => Number(b === "control") - Number(a === "control") || a.localeCompare(b));
}

export function readState(run: string, name: string): ProcessState | undefined {
  try {
    return JSON.parse(firstLine(join(run, `${name}.state`))) as ProcessState;
  } catch {
    return undefined;
  }
}

/**
 * Written whole or not at all, so that a watcher never reads half a state. On a full disk, which is no reason not to run, it is
 * written over the one before (`makeRoom`).
 */
export function writeState(run: string, name: string, state: ProcessState): void {
  const path = join(run, `${name}.state`);
  const line = `${JSON.stringify(state)}\n`;
  try {
    writeFileSync(`${path}.${state.pid}`, line, { mode: 0o600 });
    renameSync(`${path}.${state.pid}`, path);
  } catch (error) {
    rmSync(`${path}.${state.pid}`, { force: true });
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    if (existsSync(path)) writeFileSync(path, line, { flag: "r+" });
  }
}

/**
 * Takes the room that the record of a process needs, so that a full disk is told now and not when the record cannot be written;
 * forgets the process before. Fails with `disk-full`.
 */
export function makeRoom(run: string, name: string): void {
  try {
    for (const kind of ["pid", "respawner", "state"])
      writeFileSync(join(run, `${name}.${kind}`), BLANK, { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new AppError("disk-full", `the disk of ${run} is full`, { cause: error });
  }
}

const BLANK = `${" ".repeat(255)}\n`;

function liveProcess(file: string): number | undefined {
  try {
    const [pid, startTicks, boot] = firstLine(file).split(" ");
    return boot === bootId() && isLive({ pid: Number(pid), startTicks: Number(startTicks) }) ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this very process is still there. */
export function isLive(identity: ProcessIdentity): boolean {
  try {
    return isStill(identity, parseStat(readFileSync(`/proc/${identity.pid}/stat`, "utf8")));
  } catch {
    return false;
  }
}

/** A line that was written over a longer one leaves the end of that behind. */
const firstLine = (file: string): string => readFileSync(file, "utf8").split("\n", 1)[0] ?? "";

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
