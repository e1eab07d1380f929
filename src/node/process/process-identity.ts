import { readFileSync } from "node:fs";
import { isStill, parseStat, type ProcessIdentity, type ProcessStat } from "../../lib/proc-stat.ts";

export function identityOf(pid: number): ProcessStat | undefined {
  return readStat(`/proc/${pid}/stat`);
}

/** The identity that a process wrote down by copying its /proc/self/stat into a file. */
export function readStat(path: string): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Whether the process itself is still there. One that has ended but was not waited for (a zombie: not every process 1
 * is quick, or does it at all) is not.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  return isStill(identity, identityOf(identity.pid));
}

/** Sends the signal unless the process is gone, so that a stranger with a reused number never gets it. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Sends the signal to the process group that the process leads. */
export function signalGroup({ pid, startTicks }: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return signalProcess({ pid, startTicks }, signal) && killGroup(pid, signal);
}

function killGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

/** Changes with every boot: process identities mean nothing beyond it. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
