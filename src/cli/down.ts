import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../engine/lock.ts";
import { type ProcessRecord, readRecord, recordedNames } from "../engine/process-record.ts";
import { stopProcesses } from "../engine/supervisor.ts";
import type { Context } from "./context.ts";

/** Pods get their grace periods (30 s by default), the rest is quick. */
const STOP_TIMEOUT = 120_000;

/**
 * Stops the engine: pods gracefully (their objects stay, `up` starts them again), then the control process, then the mesh.
 * The marker tells the control process that this is the end and not a restart, in which pods would go on.
 */
export async function down(context: Context): Promise<void> {
  const home = context.home();
  const names = recordedNames(home.run).filter((name) => isAlive(readRecord(home.run, name)));
  if (names.length === 0) {
    context.stdout.write("Sluice is not running.\n");
    return;
  }
  using _lock = takeLock(join(home.run, "up.lock"));
  writeFileSync(join(home.run, "down"), "", { mode: 0o600 });
  await stopProcesses(home, ["control"], context.clock, STOP_TIMEOUT);
  const workers = names.filter((name) => name !== "control");
  await stopProcesses(home, workers, context.clock, STOP_TIMEOUT);
  context.stdout.write("Sluice is down.\n");
}

const isAlive = (record: ProcessRecord): boolean => record.pid !== undefined || record.respawner !== undefined;
