import { readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, in the kernel's ticks since boot: field 22 of proc_pid_stat(5). */
  readonly startTicks: number;
}

/** Reads a line of /proc/PID/stat. The name, the second field, may itself hold blanks and parentheses. */
export function parseStat(line: string): ProcessIdentity | undefined {
  const nameEnd = line.lastIndexOf(")");
  const pid = Number.parseInt(line, 10);
  const startTicks = Number(line.slice(nameEnd + 2).split(" ")[19]);
  return nameEnd > 0 && pid > 0 && Number.isSafeInteger(startTicks) ? { pid, startTicks } : undefined;
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  return readStat(`/proc/${pid}/stat`);
}

/** The identity that a process wrote down by copying its /proc/self/stat into a file. */
export function readStat(path: string): ProcessIdentity | undefined {
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
export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    const state = line.charAt(line.lastIndexOf(")") + 2);
    return state !== "Z" && state !== "X" && parseStat(line)?.startTicks === startTicks;
  } catch {
    return false;
  }
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
