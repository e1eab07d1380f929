import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { MergedTree } from "../images/merged-tree.ts";
import { type Mount, RuntimeError } from "../runtime.ts";
import type { Isolation } from "./host-tools.ts";
import { escapeFstab, isWithin, type MountTable } from "./mount-table.ts";

export interface RootOptions {
  /** Directory of the container instance: the root and the layers for changes are made in it. */
  readonly dir: string;
  readonly imageRoot: string;
  readonly mounts: readonly Mount[];
  /** The pod's own files, bound over those of /etc. */
  readonly etc: { readonly hosts: string; readonly resolvConf: string; readonly hostname: string };
  readonly isolation: Isolation;
  readonly mountTable: MountTable;
  /** The engine's home: hidden from pods, its keys are none of their business. */
  readonly home: string;
  /** Directory of the running Node.js. */
  readonly nodeDir: string;
  readonly readOnlyRoot: boolean;
}

/** A root directory in the making: what is left to do is `mount -a` in the container's own mount namespace. */
export interface PreparedRoot {
  readonly root: string;
  /** Lines for mount(8), in order. */
  readonly fstab: readonly string[];
  /** A layer in memory, to be mounted and filled before: used where a layer on disk is impossible. */
  readonly memory?: {
    readonly mount: string;
    readonly directories: readonly string[];
    readonly files: readonly string[];
  };
  /** Directory with Node.js as the program sees it; absent when the image brings its own userland. */
  readonly nodeDir?: string;
  /** The file of this machine that the program sees as `path`; undefined when there is none. */
  readonly locate: (path: string) => string | undefined;
}

/** Made anew for every pod, so never the machine's. */
const OWN = new Set(["proc", "sys", "dev", "tmp", "run"]);
/** Programs expect to write here; changes stay in the container. Other directories of the machine are read-only. */
const WRITABLE = new Set(["etc", "home", "media", "mnt", "opt", "root", "srv", "var"]);
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];
const USERLAND = [
  "/bin/sh",
  "/usr/bin/env",
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/lib/ld-musl-x86_64.so.1",
  "/lib/ld-musl-aarch64.so.1",
];
const MEMORY_SIZE = "64m";

/** Whether the image has programs of its own to run on, or needs the machine's (an image of a program only). */
export function hasUserland(imageRoot: string): boolean {
  const tree = new MergedTree([imageRoot]);
  return USERLAND.some((path) => tree.lookup(tree.resolve(path)).kind === "file");
}

/**
 * Makes a container's root. An image with its own userland becomes the root, under a layer for changes. An image of a
 * program only is laid over the machine's root: top directory by top directory, those of both merged.
 */
export function buildRoot(options: RootOptions): PreparedRoot {
  return new RootBuilder(options).build();
}

/** Where a mount point can be made: `place` shows up as `target` in the container. */
interface Backing {
  readonly target: string;
  readonly place: string;
  readonly inMemory: boolean;
}

class RootBuilder {
  readonly #options: RootOptions;
  readonly #root: string;
  readonly #userland: boolean;
  readonly #tree: MergedTree;
  readonly #fstab: string[] = [];
  readonly #backings: Backing[] = [];
  readonly #memoryDirectories: string[] = [];
  readonly #memoryFiles: string[] = [];
  readonly #mounts: readonly Mount[];
  #usesMemory = false;

  constructor(options: RootOptions) {
    this.#options = options;
    this.#root = join(options.dir, "root");
    this.#userland = hasUserland(options.imageRoot);
    this.#tree = new MergedTree(this.#userland ? [options.imageRoot] : [options.imageRoot, "/"]);
    this.#mounts = options.mounts
      .map((mount) => ({ ...mount, target: this.#tree.resolve(mount.target) }))
      .sort((a, b) => a.target.split("/").length - b.target.split("/").length);
  }

  build(): PreparedRoot {
    makeDirectory(this.#root);
    if (this.#userland) this.#overlay("/", [this.#options.imageRoot]);
    else {
      this.#backings.push({ target: "/", place: this.#root, inMemory: false });
      this.#layOverMachine();
    }
    this.#kernelFileSystems();
    this.#devices();
    this.#etcFiles();
    const nodeDir = this.#userland ? undefined : this.#showNode();
    for (const mount of this.#mounts) this.#volume(mount);
    return {
      root: this.#root,
      fstab: this.#fstab,
      ...(this.#usesMemory && {
        memory: {
          mount: `tmpfs ${escapeFstab(this.#memory)} tmpfs size=${MEMORY_SIZE} 0 0`,
          directories: this.#memoryDirectories,
          files: this.#memoryFiles,
        },
      }),
      ...(nodeDir !== undefined && { nodeDir }),
      locate: (path) => this.#locate(path),
    };
  }

  get #memory(): string {
    return join(this.#options.dir, "memory");
  }

  #layOverMachine(): void {
    const { imageRoot } = this.#options;
    const image = new Map(readdirSync(imageRoot, { withFileTypes: true }).map((entry) => [entry.name, entry]));
    for (const name of readdirSync("/").sort()) {
      const stat = lstatSync(join("/", name), { throwIfNoEntry: false });
      if (OWN.has(name) || !stat) continue;
      if (stat.isSymbolicLink()) symlinkSync(readlinkSync(join("/", name)), join(this.#root, name));
      else if (stat.isDirectory() && !image.has(name)) this.#showMachineDirectory(name);
    }
    for (const [name, entry] of [...image].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!entry.isDirectory()) this.#placeTopFile(name, entry.isSymbolicLink());
      else if (!OWN.has(name)) this.#placeTopDirectory(name);
    }
    this.#hide(this.#options.home);
  }

  /**
   * An overlay shows nothing of what is mounted below a directory, so it is used where that loses nothing, or must be.
   */
  #showMachineDirectory(name: string): void {
    const { mountTable, isolation } = this.#options;
    if (!isAccessible(join("/", name))) return makeDirectory(join(this.#root, name));
    const isPlain = name === "etc" || !mountTable.hasMountsBelow(join("/", name));
    const isTarget = this.#mounts.some(({ target }) => target.split("/")[1] === name);
    const changes = (WRITABLE.has(name) && isPlain) || isTarget;
    if (changes && isolation.overlayable.has(name)) this.#overlay(`/${name}`, [`/${name}`]);
    else this.#bindMachine(name);
    return undefined;
  }

  #bindMachine(name: string): void {
    makeDirectory(join(this.#root, name));
    this.#bind(join("/", name), `/${name}`, true);
  }

  #placeTopFile(name: string, isLink: boolean): void {
    const source = join(this.#options.imageRoot, name);
    const place = join(this.#root, name);
    if (lstatSync(place, { throwIfNoEntry: false })) return;
    if (isLink) symlinkSync(readlinkSync(source), place);
    else {
      writeFileSync(place, "");
      this.#bind(source, `/${name}`, true);
    }
  }

  /** The machine may have a link where the image has a directory (`/bin`): then it goes where the link points. */
  #placeTopDirectory(name: string): void {
    const source = join(this.#options.imageRoot, name);
    const machine = statSync(join("/", name), { throwIfNoEntry: false });
    if (!machine?.isDirectory() || !isAccessible(join("/", name))) return this.#overlay(`/${name}`, [source]);
    const target = realpathSync(join("/", name));
    if (!this.#options.isolation.overlayable.has(target.split("/")[1] ?? "")) {
      throw new RuntimeError(
        "CreateContainerError",
        `the image's /${name} cannot be laid over this machine's: its file system refuses overlays`,
      );
    }
    return this.#overlay(target, [source, target]);
  }

  /** Mounts `lower` (topmost first) at `target` with a fresh layer for changes on top. */
  #overlay(target: string, lower: readonly string[]): void {
    const { dir, isolation, readOnlyRoot } = this.#options;
    const unfit = lower.find((path) => /[,:"\\]/.test(path));
    if (unfit !== undefined)
      throw new RuntimeError(
        "CreateContainerError",
        `a directory of the image has a name that cannot be mounted: ${unfit}`,
      );
    const inMemory = !isolation.upperOnDisk || lower.some((path) => isWithin(dir, path));
    const area = inMemory ? this.#memory : dir;
    if (inMemory && !this.#usesMemory) {
      this.#usesMemory = true;
      mkdirSync(this.#memory);
    }
    const name = target === "/" ? "root" : target.slice(1).replaceAll("/", "+");
    const upper = join(area, "upper", name);
    const work = join(area, "work", name);
    for (const path of [upper, work]) this.#makeDirectory(path, inMemory);
    if (!inMemory && lower[0] !== undefined) copyAttributes(lower[0], upper);
    if (target !== "/") makeDirectory(join(this.#root, target));
    const layers = `lowerdir=${lower.join(":")},upperdir=${upper},workdir=${work}${isolation.overlayOptions}`;
    this.#mount("overlay", target, "overlay", readOnlyRoot ? `ro,${layers}` : layers);
    this.#backings.push({ target, place: upper, inMemory });
  }

  #kernelFileSystems(): void {
    this.#pointFor("/proc", true);
    this.#mount("proc", "/proc", "proc", "nosuid,nodev,noexec");
    this.#pointFor("/sys", true);
    this.#bind("/sys", "/sys", true);
  }

  /** A /dev of the container's own, so that what is made in it is not made on the machine. */
  #devices(): void {
    const dev = join(this.#options.dir, "dev");
    for (const name of ["pts", "shm"]) makeDirectory(join(dev, name));
    for (const [name, target] of [
      ["fd", "/proc/self/fd"],
      ["stdin", "/proc/self/fd/0"],
      ["stdout", "/proc/self/fd/1"],
      ["stderr", "/proc/self/fd/2"],
      ["ptmx", "pts/ptmx"],
    ] as const) {
      symlinkSync(target, join(dev, name));
    }
    this.#pointFor("/dev", true);
    this.#bind(dev, "/dev", false);
    this.#backings.push({ target: "/dev", place: dev, inMemory: false });
    for (const name of DEVICES) {
      writeFileSync(join(dev, name), "");
      this.#bind(join("/dev", name), `/dev/${name}`, false);
    }
    this.#mount("devpts", "/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620");
    this.#mount("tmpfs", "/dev/shm", "tmpfs", "size=64m,mode=1777");
    if (this.#userland) return;
    for (const name of ["tmp", "run"]) this.#scratch(name);
    if (lstatSync("/var/tmp", { throwIfNoEntry: false })?.isDirectory()) {
      const place = join(this.#options.dir, "var-tmp");
      makeDirectory(place);
      chmodSync(place, 0o1777);
      this.#bind(place, "/var/tmp", false);
      this.#backings.push({ target: "/var/tmp", place, inMemory: false });
    }
  }

  /** /tmp and /run of a program-only image: empty but for what the image has there. */
  #scratch(name: string): void {
    const source = join(this.#options.imageRoot, name);
    if (lstatSync(source, { throwIfNoEntry: false })?.isDirectory()) return this.#overlay(`/${name}`, [source]);
    const place = join(this.#options.dir, name);
    makeDirectory(place);
    if (name === "tmp") chmodSync(place, 0o1777);
    makeDirectory(join(this.#root, name));
    this.#bind(place, `/${name}`, false);
    this.#backings.push({ target: `/${name}`, place, inMemory: false });
    return undefined;
  }

  #etcFiles(): void {
    const { hosts, resolvConf, hostname } = this.#options.etc;
    for (const [name, source] of [
      ["hosts", hosts],
      ["resolv.conf", resolvConf],
      ["hostname", hostname],
    ] as const) {
      const target = `/etc/${name}`;
      if (this.#mounts.some((mount) => mount.target === target)) continue;
      const backing = this.#backingOf(target);
      if (backing.target === "/" && !this.#userland) {
        if (lstatSync(target, { throwIfNoEntry: false })?.isFile()) this.#bind(source, target, false);
        continue;
      }
      this.#makeFile(join(backing.place, posix.relative(backing.target, target)), backing.inMemory);
      this.#bind(source, target, false);
    }
  }

  /** The machine's Node.js as the program sees it: where it is, or in /run/sluice when that place is not shown. */
  #showNode(): string {
    const { nodeDir, home } = this.#options;
    const isShown = !OWN.has(nodeDir.split("/")[1] ?? "") && !isWithin(nodeDir, home);
    if (isShown) return nodeDir;
    const target = "/run/sluice/bin";
    this.#pointFor(target, true);
    this.#bind(nodeDir, target, true);
    return target;
  }

  #hide(path: string): void {
    const name = path.split("/")[1] ?? "";
    if (OWN.has(name) || !statSync(path, { throwIfNoEntry: false })) return;
    const empty = join(this.#options.dir, "empty");
    makeDirectory(empty);
    this.#bind(empty, path, true);
  }

  #volume({ source, target, readOnly }: Mount): void {
    const isDirectory = statSync(source).isDirectory();
    this.#pointFor(target, isDirectory);
    this.#bind(source, target, readOnly);
    if (isDirectory) this.#backings.push({ target, place: source, inMemory: false });
  }

  /** Makes sure that there is something to mount on. */
  #pointFor(target: string, isDirectory: boolean): void {
    const backing = this.#backingOf(target);
    const place = join(backing.place, posix.relative(backing.target, target));
    if (isDirectory) this.#makeDirectory(place, backing.inMemory);
    else this.#makeFile(place, backing.inMemory);
  }

  #backingOf(target: string): Backing {
    let best: Backing | undefined;
    for (const backing of this.#backings) {
      if (isWithin(target, backing.target) && backing.target.length >= (best?.target.length ?? 0)) best = backing;
    }
    if (!best) throw new RuntimeError("CreateContainerError", `no place for a mount point at ${target}`);
    return best;
  }

  #makeDirectory(path: string, inMemory: boolean): void {
    if (inMemory) this.#memoryDirectories.push(path);
    else makeDirectory(path);
  }

  #makeFile(path: string, inMemory: boolean): void {
    this.#makeDirectory(dirname(path), inMemory);
    if (inMemory) this.#memoryFiles.push(path);
    else if (!lstatSync(path, { throwIfNoEntry: false })) {
      writeFileSync(path, "");
      chmodSync(path, 0o644);
    }
  }

  #bind(source: string, target: string, readOnly: boolean): void {
    const options = readOnly ? ["rbind", "ro", ...this.#options.mountTable.lockedOptions(source)] : ["rbind"];
    this.#mount(source, target, "none", options.join(","));
  }

  #mount(source: string, target: string, type: string, options: string): void {
    this.#fstab.push(
      `${escapeFstab(source)} ${escapeFstab(join(this.#root, target))} ${type} ${escapeFstab(options)} 0 0`,
    );
  }

  #locate(path: string): string | undefined {
    const canonical = this.#tree.resolve(path);
    const mount = this.#mounts.findLast(({ target }) => isWithin(canonical, target));
    if (mount) {
      const place = join(mount.source, posix.relative(mount.target, canonical));
      return statSync(place, { throwIfNoEntry: false }) ? place : undefined;
    }
    const entry = this.#tree.lookup(canonical);
    if (entry.kind === "file") return entry.source;
    if (entry.kind === "directory") return entry.sources[0];
    const onMachine = this.#userland ? undefined : statSync(canonical, { throwIfNoEntry: false });
    return onMachine ? canonical : undefined;
  }
}

/** What programs see must not depend on the umask of the control process. */
function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; isWithin(made, first); made = dirname(made)) chmodSync(made, 0o755);
}

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The upper layer of an overlay lends its own mode and owner to the merged directory. */
function copyAttributes(from: string, to: string): void {
  const { mode, uid, gid } = statSync(from);
  if (process.getuid?.() === 0) chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
}
