/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, in the kernel's ticks since boot: field 22 of proc_pid_stat(5). */
  readonly startTicks: number;
}

export interface ProcessStat extends ProcessIdentity {
  /** It has ended, only its parent has not asked how: a zombie (Z), or dead (X). */
  readonly hasEnded: boolean;
}

/** Whether `stat`, read just now under the pid, is of this very process and says that it runs. */
export function isStill({ startTicks }: ProcessIdentity, stat: ProcessStat | undefined): boolean {
  return stat !== undefined && !stat.hasEnded && stat.startTicks === startTicks;
}

/** Reads a line of /proc/PID/stat. The name, the second field, may itself hold blanks and parentheses. */
export function parseStat(line: string): ProcessStat | undefined {
  const nameEnd = line.lastIndexOf(")");
  const pid = Number.parseInt(line, 10);
  const [state = "", ...fields] = line.slice(nameEnd + 2).split(" ");
  const startTicks = Number(fields[18]);
  if (nameEnd <= 0 || !(pid > 0) || !Number.isSafeInteger(startTicks)) return undefined;
  return { pid, startTicks, hasEnded: state === "Z" || state === "X" };
}
