import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerImage, ContainerRef, ContainerUser, Exit } from "../runtime.ts";

/** The files of one container instance, below `pods/<uid>/containers/<name>/<instance>` of the home. */
export interface InstanceFiles {
  readonly dir: string;
  /** What the agent knew when it started the instance (InstanceRecord). */
  readonly record: string;
  readonly shim: string;
  readonly fstab: string;
  readonly memoryFstab: string;
  /** FIFO that the shim holds open for writing: its readers see the end when the shim and all it started are gone. */
  readonly lifeLine: string;
  /** Copies of /proc/self/stat of the shim's outermost process, of process 1 of its namespace, and of the program. */
  readonly shimStat: string;
  /** There when a later control process has given the shim up: one that begins after all ends at once. */
  readonly abandoned: string;
  readonly initStat: string;
  readonly programStat: string;
  readonly exit: string;
  /** What the shim itself had to complain about. */
  readonly error: string;
}

export function instanceFiles(podsDir: string, { podUid, name, instance }: ContainerRef): InstanceFiles {
  const dir = join(podsDir, podUid, "containers", name, String(instance));
  const file = (base: string): string => join(dir, base);
  return {
    dir,
    record: file("container.json"),
    shim: file("shim"),
    fstab: file("fstab"),
    memoryFstab: file("memory.fstab"),
    lifeLine: file("alive"),
    shimStat: file("shim.stat"),
    abandoned: file("abandoned"),
    initStat: file("init.stat"),
    programStat: file("program.stat"),
    exit: file("exit"),
    error: file("error"),
  };
}

/**
 * What a later control process must know about an instance. Holds the environment, so the file is for the owner only.
 */
export interface InstanceRecord extends ContainerRef {
  readonly image: ContainerImage;
  readonly hash: string;
  readonly bootId: string;
  readonly logPath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user?: ContainerUser;
  /** Root directory of the program on this machine; absent when it runs on the machine's own. */
  readonly root?: string;
}

const BLANK_EXIT = `${" ".repeat(11)}\n`;

/**
 * Makes the directory with its record. The exit file gets its full length now and is only overwritten later, so that
 * the exit code is not lost when the disk is full by then.
 */
export function createInstance(files: InstanceFiles, record: InstanceRecord): void {
  mkdirSync(files.dir, { recursive: true });
  writeFileSync(files.exit, BLANK_EXIT);
  writeFileSync(files.record, JSON.stringify(record), { mode: 0o600 });
}

/** How the program ended, as the shim wrote it down; undefined when it did not (yet). */
export function readExit(files: InstanceFiles): Exit | undefined {
  try {
    const text = readFileSync(files.exit, "utf8").trim();
    return /^\d+$/.test(text) ? { code: Number(text), at: statSync(files.exit).mtimeMs, lost: false } : undefined;
  } catch {
    return undefined;
  }
}

/** The records of all instances below `podsDir`; unreadable ones (the process died while writing) are left out. */
export function listInstances(podsDir: string): readonly InstanceRecord[] {
  const records: InstanceRecord[] = [];
  for (const podUid of names(podsDir)) {
    for (const name of names(join(podsDir, podUid, "containers"))) {
      for (const instance of names(join(podsDir, podUid, "containers", name))) {
        const { record } = instanceFiles(podsDir, { podUid, name, instance: Number(instance) });
        try {
          records.push(JSON.parse(readFileSync(record, "utf8")) as InstanceRecord);
        } catch {
          continue;
        }
      }
    }
  }
  return records;
}

function names(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
