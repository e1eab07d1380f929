import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../engine/home.ts";
import { hasRunningPods } from "../engine/left-pods.ts";
import { takeLock } from "../engine/lock.ts";
import { type ProcessRecord, readRecord, recordedNames } from "../engine/process-record.ts";
import { ensureRunning, stopProcesses, untilReady } from "../engine/supervisor.ts";
import type { Context } from "./context.ts";
import { controlSpec, LOCK_TIMEOUT, START_TIMEOUT } from "./processes.ts";

/** Pods get their grace periods (30 s by default), the rest is quick. */
const STOP_TIMEOUT = 120_000;

/**
 * Stops the engine: pods gracefully (their objects stay, `up` starts them again), then the control process, then the mesh.
 * The marker tells the control process that this is the end and not a restart, in which pods would go on.
 */
export async function down(context: Context): Promise<void> {
  const home = context.home();
  if (!existsSync(home.run)) return context.stdout.write("Sluice is not running.\n");
  using _lock = await takeLock(home.lock, context.clock, LOCK_TIMEOUT);
  const pods = hasRunningPods(home.pods);
  if (!pods && aliveNames(home).length === 0) return context.stdout.write("Sluice is not running.\n");
  const failure = pods ? await bringControlBack(context, home) : undefined;
  writeFileSync(join(home.run, "down"), "", { mode: 0o600 });
  await stopProcesses(home, ["control"], context.clock, STOP_TIMEOUT);
  await stopProcesses(home, aliveNames(home), context.clock, STOP_TIMEOUT);
  if (failure) throw failure;
  context.stdout.write("Sluice is down.\n");
}

/** Only a control process can end pods in good order: one that was killed, or is just coming back, must be there first. */
async function bringControlBack(context: Context, home: Home): Promise<Error | undefined> {
  try {
    await ensureRunning(home, [controlSpec(context, home)], context.clock);
    await untilReady(home, "control", context.clock, START_TIMEOUT, context.signal);
    return undefined;
  } catch (error) {
    return new Error(`pods run on, nobody is there to stop them: ${(error as Error).message}`, { cause: error });
  }
}

function aliveNames(home: Home): readonly string[] {
  return recordedNames(home.run).filter((name) => isAlive(readRecord(home.run, name)));
}

const isAlive = (record: ProcessRecord): boolean => record.pid !== undefined || record.respawner !== undefined;
