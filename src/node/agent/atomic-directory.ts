import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { VolumeFile, VolumeFiles } from "../../plan/node/volume-files.ts";

const DATA = "..data";

/**
 * Brings a volume's directory to the given files in one step, as the kubelet does: the files are in a directory of
 * their own, `..data` points to it, and each name at the top is a link through `..data`. A program sees the old files
 * or the new ones, never a mixture. Returns whether anything had changed.
 */
export function writeAtomically(dir: string, files: VolumeFiles, stamp: string): boolean {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  const current = currentData(dir);
  if (current !== undefined && isSame(join(dir, current), files)) return false;
  const fresh = `..${stamp}`;
  writeFiles(join(dir, fresh), files);
  symlinkSync(fresh, join(dir, "..data_tmp"));
  renameSync(join(dir, "..data_tmp"), join(dir, DATA));
  const wanted = new Set(Object.keys(files).map((path) => path.split("/")[0] ?? path));
  for (const name of wanted)
    if (!lstatSync(join(dir, name), { throwIfNoEntry: false })) symlinkSync(join(DATA, name), join(dir, name));
  for (const name of readdirSync(dir)) {
    if (name.startsWith("..") ? name !== DATA && name !== fresh : !wanted.has(name))
      rmSync(join(dir, name), { recursive: true, force: true });
  }
  return true;
}

function currentData(dir: string): string | undefined {
  const link = lstatSync(join(dir, DATA), { throwIfNoEntry: false });
  return link?.isSymbolicLink() ? readlinkSync(join(dir, DATA)) : undefined;
}

function writeFiles(dir: string, files: VolumeFiles): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  chmodSync(dir, 0o755);
  for (const [path, file] of Object.entries(files)) {
    const place = join(dir, path);
    mkdirSync(dirname(place), { recursive: true });
    for (let parent = dirname(place); parent !== dir; parent = dirname(parent)) chmodSync(parent, 0o755);
    writeFileSync(place, contentOf(file));
    chmodSync(place, file.mode);
  }
}

function contentOf({ content, encoding }: VolumeFile): Buffer {
  return Buffer.from(content, encoding);
}

function isSame(dir: string, files: VolumeFiles): boolean {
  if (!existsSync(dir)) return false;
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  if (paths.length !== Object.keys(files).length) return false;
  return Object.entries(files).every(([path, file]) => {
    try {
      const place = join(dir, path);
      return (statSync(place).mode & 0o777) === file.mode && readFileSync(place).equals(contentOf(file));
    } catch {
      return false;
    }
  });
}
