import { readdirSync, readFileSync } from "node:fs";

/** Command lines of the machine's processes that contain the mark, their words parted by blanks. */
export function processesWith(mark: string): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(mark) ? [line] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
