import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { escapeFstab } from "./mount-table.ts";
import { removeTree } from "./remove-tree.ts";

/** Programs of the machine by their absolute paths: a pod's own PATH must not decide what its shim runs. */
export interface HostTools {
  readonly sh: string;
  readonly env: string;
  readonly mkfifo: string;
  readonly setsid: string;
  readonly unshare?: string;
  readonly mount?: string;
  readonly nsenter?: string;
  readonly hostname?: string;
  /** Punches holes into logs that are too long. */
  readonly fallocate?: string;
}

/** What this machine allows, found out by trying. */
export interface Isolation {
  /** Whether pods get mount and process namespaces; without them paths are rewritten (unconfined.ts). */
  readonly namespaces: boolean;
  /** Why there are none. */
  readonly why?: string;
  /** Whether this is not root: a user namespace then gives the rights to mount. */
  readonly rootless: boolean;
  /** Overlays in a user namespace need their marks as user attributes. */
  readonly overlayOptions: string;
  /** Whether a layer for changes may be on the home's file system, or must be in memory. */
  readonly upperOnDisk: boolean;
  /** Top directories of the machine that can be a lower layer of an overlay. */
  readonly overlayable: ReadonlySet<string>;
}

const run = promisify(execFile);
const SEARCH_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export function findHostTools(): HostTools {
  const needed = (name: string): string => {
    const path = findTool(name);
    if (path === undefined) throw new Error(`the program ${name} is needed to run pods, but is not installed`);
    return path;
  };
  const optional = (name: string): Record<string, string> => {
    const path = findTool(name);
    return path === undefined ? {} : { [name]: path };
  };
  return {
    sh: needed("sh"),
    env: needed("env"),
    mkfifo: needed("mkfifo"),
    setsid: needed("setsid"),
    ...optional("unshare"),
    ...optional("mount"),
    ...optional("nsenter"),
    ...optional("hostname"),
    ...optional("fallocate"),
  };
}

function findTool(name: string): string | undefined {
  return SEARCH_PATH.map((dir) => join(dir, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

/** The arguments of unshare(1) for a pod: everything it forks dies with it. */
export function unshareArguments(rootless: boolean): readonly string[] {
  return [...(rootless ? ["--user", "--map-root-user"] : []), "--mount", "--pid", "--uts", "--fork", "--kill-child"];
}

/**
 * Tries, in namespaces of its own, everything that a pod needs: a /proc, a bind, an overlay with its upper layer in
 * `home`, and each top directory of the machine as a lower layer. Takes some tens of milliseconds.
 */
export async function probeIsolation(tools: HostTools, home: string): Promise<Isolation> {
  const rootless = process.getuid?.() !== 0;
  const none: Isolation = {
    namespaces: false,
    rootless,
    overlayOptions: "",
    upperOnDisk: false,
    overlayable: new Set(),
  };
  if (!tools.unshare || !tools.mount || !tools.nsenter)
    return { ...none, why: "unshare, mount and nsenter (util-linux) are not installed" };
  if (/[,:"\\]/.test(home)) return { ...none, why: `the path ${home} holds a character that overlays cannot have` };
  mkdirSync(home, { recursive: true });
  const dir = mkdtempSync(join(home, "probe-"));
  try {
    const basics = await tryMounts(tools, dir, rootless, [
      "proc $/proc proc nosuid,nodev,noexec",
      "/usr $/usr none rbind,ro",
    ]);
    if (basics.failed) return { ...none, why: basics.failed };
    for (const upperOnDisk of [true, false]) {
      const overlayOptions = rootless ? ",userxattr" : "";
      const upper = upperOnDisk ? "upper" : "memory";
      const options = `lowerdir=$/lower,upperdir=$/${upper}/u,workdir=$/${upper}/w${overlayOptions}`;
      const overlay = await tryMounts(tools, dir, rootless, [`overlay $/usr overlay ${options}`]);
      if (overlay.failed) continue;
      const overlayable = await findOverlayable(tools, dir, rootless, overlayOptions);
      return { namespaces: true, rootless, overlayOptions, upperOnDisk, overlayable };
    }
    return { ...none, why: "the kernel refuses overlays" };
  } finally {
    removeTree(dir);
  }
}

async function findOverlayable(
  tools: HostTools,
  dir: string,
  rootless: boolean,
  overlayOptions: string,
): Promise<ReadonlySet<string>> {
  const names = readdirSync("/", { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !/[,:"\\\s]/.test(entry.name),
  );
  const lines = names.map(
    ({ name }) => `overlay $/usr overlay lowerdir=/${name},upperdir=$/memory/u,workdir=$/memory/w${overlayOptions}`,
  );
  const { passed } = await tryMounts(tools, dir, rootless, lines);
  return new Set(names.filter((_, index) => passed.has(index)).map(({ name }) => name));
}

/** Mounts each line by itself in one set of namespaces and says which could be. `$` stands for `dir`. */
async function tryMounts(
  tools: HostTools,
  dir: string,
  rootless: boolean,
  lines: readonly string[],
): Promise<{ readonly passed: ReadonlySet<number>; readonly failed?: string }> {
  for (const name of ["proc", "usr", "lower", "upper/u", "upper/w", "memory"])
    mkdirSync(join(dir, name), { recursive: true });
  const table = (line: string): string => `${line.replaceAll("$", escapeFstab(dir))} 0 0\n`;
  writeFileSync(join(dir, "memory.fstab"), table("tmpfs $/memory tmpfs size=1m"));
  for (const [index, line] of lines.entries()) writeFileSync(join(dir, `${index}.fstab`), table(line));
  const script = `cd "$0" && "$1" -a -T memory.fstab && mkdir memory/u memory/w || exit
i=0; while [ -e $i.fstab ]; do "$1" -a -T $i.fstab && echo $i; i=$((i+1)); done; exit 0`;
  const args = [...unshareArguments(rootless), "--", tools.sh, "-c", script, dir, tools.mount ?? ""];
  try {
    const { stdout, stderr } = await run(tools.unshare ?? "", args, {
      env: { PATH: SEARCH_PATH.join(":"), LC_ALL: "C" },
    });
    const passed = new Set(
      stdout
        .split("\n")
        .filter((line) => line !== "")
        .map(Number),
    );
    return passed.size === lines.length ? { passed } : { passed, failed: stderr.trim() };
  } catch (error) {
    return { passed: new Set(), failed: (error as { stderr?: string }).stderr?.trim() || (error as Error).message };
  }
}
