import { readdirSync, readFileSync, statSync } from "node:fs";
import { text as textOfStream } from "node:stream/consumers";
import { join } from "node:path";
import { AppError } from "../../lib/app-error.ts";

/** A file with manifests, or standard input. */
export interface ManifestFile {
  /** As it is called in messages: the path, or `STDIN`. */
  readonly name: string;
  readonly text: string;
}

export interface FileOptions {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
}

const EXTENSIONS = [".json", ".yaml", ".yml"];

/**
 * Reads what -f names: files, folders (of which only what ends in .json, .yaml or .yml, folders below only with --recursive), and
 * `-` for standard input. Throws AppError `no-manifest` with kubectl's text.
 */
export async function readManifestFiles(
  options: FileOptions,
  stdin: AsyncIterable<Uint8Array>,
): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const name of (options.filename ?? []).flatMap((list) => list.split(","))) {
    if (name === "-") files.push({ name: "STDIN", text: await textOfStream(stdin) });
    else for (const path of pathsAt(name, options.recursive === true)) files.push({ name: path, text: read(path) });
  }
  return files;
}

function pathsAt(name: string, recursive: boolean): readonly string[] {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (!stat) throw new AppError("no-manifest", `the path "${name}" does not exist`);
  if (!stat.isDirectory()) return [name];
  const found = filesIn(name, recursive);
  if (found.length === 0)
    throw new AppError(
      "no-manifest",
      `error reading [${name}]: recognized file extensions are [${EXTENSIONS.join(" ")}]`,
    );
  return found;
}

/** In the order of their names, as kubectl walks them. */
function filesIn(folder: string, recursive: boolean): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return recursive ? filesIn(path, true) : [];
    return EXTENSIONS.some((extension) => entry.name.endsWith(extension)) ? [path] : [];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("no-manifest", `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
