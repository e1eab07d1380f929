import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A file system of a given size; goes, with whatever is in it, when it is disposed of. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes all room that is left; the returned function gives it back. */
  fill(): () => void;
  resize(size: string): void;
}

/** `size` as mount(8) takes it. Undefined where mounting is not allowed: it needs root. */
export function smallDisk(directory: string, size: string): SmallDisk | undefined {
  const path = join(directory, "small");
  mkdirSync(path);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "none", path]).status !== 0) return undefined;
  return {
    path,
    fill: () => fill(join(path, "filler")),
    resize: (to) => void spawnSync("mount", ["-o", `remount,size=${to}`, path]),
    [Symbol.dispose]: () => void spawnSync("umount", ["-l", path]),
  };
}

function fill(path: string): () => void {
  try {
    for (let i = 0; ; i++) writeFileSync(path, Buffer.alloc(4096), { flag: i === 0 ? "w" : "a" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
  return () => rmSync(path);
}
