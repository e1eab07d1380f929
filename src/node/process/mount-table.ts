import { readFileSync } from "node:fs";

/** What is mounted on this machine, as far as binding parts of it elsewhere needs to know. */
export interface MountTable {
  /**
   * Options that a read-only bind of `path` must repeat: the kernel refuses to drop them in a user namespace
   * (mount_namespaces(7), "locked" flags).
   */
  lockedOptions(path: string): readonly string[];
  /** Whether something is mounted below `path`. */
  hasMountsBelow(path: string): boolean;
}

/** Reads the format of /proc/self/mountinfo, see proc_pid_mountinfo(5). */
export function parseMountTable(text: string): MountTable {
  const mounts = text
    .split("\n")
    .map((line) => line.split(" "))
    .filter((fields) => fields.length > 5)
    .map((fields) => ({ point: unescapeOctal(fields[4] ?? ""), options: (fields[5] ?? "").split(",") }));
  return {
    lockedOptions: (path) => {
      let best: (typeof mounts)[number] | undefined;
      for (const mount of mounts) {
        if (isWithin(path, mount.point) && mount.point.length >= (best?.point.length ?? 0)) best = mount;
      }
      return best?.options.filter((option) => LOCKED.has(option)) ?? [];
    },
    hasMountsBelow: (path) => mounts.some(({ point }) => point !== path && isWithin(point, path)),
  };
}

export function readMountTable(): MountTable {
  return parseMountTable(readFileSync("/proc/self/mountinfo", "utf8"));
}

const LOCKED = new Set(["nosuid", "nodev", "noexec"]);

/** Whether `path` is `directory` or below it; both absolute and canonical. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** A field of fstab(5). */
export function escapeFstab(text: string): string {
  return text.replace(/[\s\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
