import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { type Clock, sleep } from "../../lib/clock.ts";
import { parseStat, type ProcessIdentity } from "../../lib/proc-stat.ts";
import {
  type ContainerRef,
  type ContainerSpec,
  type ExecOptions,
  type ExecResult,
  type Exit,
  type PodSpec,
  type Running,
  type Runtime,
  RuntimeError,
} from "../runtime.ts";
import { checkExecutable } from "./executable.ts";
import type { HostTools, Isolation } from "./host-tools.ts";
import {
  createInstance,
  type InstanceFiles,
  type InstanceRecord,
  instanceFiles,
  listInstances,
  readExit,
} from "./instance-files.ts";
import { abandon, takeLifeLine, watchLifeLine } from "./life-line.ts";
import { readMountTable } from "./mount-table.ts";
import { PodFiles } from "./pod-files.ts";
import { bootId, isAlive, readStat, signalGroup, signalProcess } from "./process-identity.ts";
import { removeTree } from "./remove-tree.ts";
import { buildRoot, type PreparedRoot } from "./root-builder.ts";
import { containerId, RunningProcess, type RunningProcessOptions } from "./running-process.ts";
import { programCommand, shimScript, splitEnvironment } from "./shim-script.ts";
import { prepareUnconfined } from "./unconfined.ts";

export interface ProcessRuntimeOptions {
  /** The engine's home, canonical. */
  readonly home: string;
  readonly tools: HostTools;
  readonly isolation: Isolation;
  readonly clock: Clock;
  /** Directory of the Node.js that runs, for the PATH of programs. */
  readonly nodeDir: string;
}

/** How long to wait for the kernel to end what a killed shim held. Milliseconds. */
const KILL_TIMEOUT = 5000;

/** How long a shim may take from making its life line to saying who it is. Milliseconds. */
const START_TIMEOUT = 1000;

/** Runs containers as processes of this machine, in namespaces of their own where the kernel allows it. */
export class ProcessRuntime implements Runtime {
  readonly #options: ProcessRuntimeOptions;
  readonly #podsDir: string;
  readonly #pods: PodFiles;
  readonly #bootId = bootId();

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
    this.#podsDir = join(options.home, "pods");
    this.#pods = new PodFiles(this.#podsDir);
  }

  preparePod(pod: PodSpec): Promise<void> {
    this.#pods.write(pod);
    return Promise.resolve();
  }

  async start(container: ContainerSpec): Promise<Running> {
    const files = instanceFiles(this.#podsDir, container);
    removeTree(files.dir);
    mkdirSync(files.dir, { recursive: true, mode: 0o755 });
    try {
      return await this.#start(container, files);
    } catch (error) {
      removeTree(files.dir);
      throw error instanceof RuntimeError
        ? error
        : new RuntimeError("CreateContainerError", (error as Error).message, { cause: error });
    }
  }

  adopt(): Promise<readonly Running[]> {
    return Promise.all(listInstances(this.#podsDir).map((record) => this.#adoptOne(record)));
  }

  async exec(container: ContainerRef, command: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const files = instanceFiles(this.#podsDir, container);
    const record = JSON.parse(readFileSync(files.record, "utf8")) as InstanceRecord;
    const { plain, special } = splitEnvironment(record.env);
    const { tools, isolation } = this.#options;
    const root = record.root === undefined ? undefined : { root: record.root, fstab: [], locate: () => undefined };
    const program = programCommand({
      tools,
      isolation,
      command,
      workingDir: record.workingDir,
      specialEnv: special,
      ...(record.user && { user: record.user }),
      ...(root && { root }),
    });
    const script = `read -r stat </proc/self/stat; echo "$stat" >&3; exec 3>&-; ${program}`;
    const init = readStat(root ? files.initStat : files.shimStat);
    if (!init || !isAlive(init)) throw new RuntimeError("RunContainerError", "container is not running");
    const enter = root ? [tools.nsenter ?? "", "--target", String(init.pid), ...this.#namespaces(), "--"] : [];
    const [file, ...args] = [...enter, tools.sh, "-c", script];
    const child = spawn(file ?? tools.sh, args, {
      cwd: "/",
      env: plain,
      stdio: [options.stdin ? "pipe" : "ignore", "pipe", "pipe", "pipe"],
    });
    return runExec(child, options);
  }

  removeContainer(container: ContainerRef): Promise<void> {
    removeTree(instanceFiles(this.#podsDir, container).dir);
    return Promise.resolve();
  }

  removePod(podUid: string): Promise<void> {
    removeTree(join(this.#podsDir, podUid));
    return Promise.resolve();
  }

  #namespaces(): readonly string[] {
    const all = ["--mount", "--pid", "--uts"];
    return this.#options.isolation.rootless ? ["--user", "--preserve-credentials", ...all] : all;
  }

  async #start(container: ContainerSpec, files: InstanceFiles): Promise<Running> {
    const { tools, isolation, nodeDir } = this.#options;
    const root = isolation.namespaces ? this.#buildRoot(container, files) : undefined;
    const view = root
      ? { ...container, env: withPath(container.env, root.nodeDir), locate: root.locate }
      : prepareUnconfined(container, files.dir, nodeDir, containerId(container));
    checkExecutable({ ...container, env: { ...container.env, PATH: view.env["PATH"] ?? "" } }, view.locate);
    const { plain, special } = splitEnvironment(view.env);
    const user = container.user && { user: container.user };
    createInstance(files, {
      podUid: container.podUid,
      name: container.name,
      instance: container.instance,
      image: container.image,
      hash: container.hash,
      bootId: this.#bootId,
      logPath: container.logPath,
      env: view.env,
      workingDir: view.workingDir,
      ...user,
      ...(root && { root: root.root }),
    });
    const script = shimScript({
      files,
      tools,
      isolation,
      hostname: this.#pods.hostname(container.podUid),
      command: view.command,
      workingDir: view.workingDir,
      specialEnv: special,
      ...user,
      ...(root && { root }),
    });
    writeFileSync(files.shim, script, { mode: 0o600 });
    if (root) writeFstab(files, root);
    const child = this.#spawnShim(files, container.logPath, plain);
    return this.#whenStarted(child, container, files);
  }

  #buildRoot(container: ContainerSpec, files: InstanceFiles): PreparedRoot {
    const { home, isolation, nodeDir } = this.#options;
    return buildRoot({
      dir: files.dir,
      imageRoot: container.imageRoot,
      mounts: container.mounts,
      etc: this.#pods.paths(container.podUid),
      isolation,
      mountTable: readMountTable(),
      home,
      nodeDir,
      readOnlyRoot: container.readOnlyRoot ?? false,
    });
  }

  #spawnShim(files: InstanceFiles, logPath: string, env: Readonly<Record<string, string>>): ChildProcess {
    mkdirSync(dirname(logPath), { recursive: true });
    const log = openSync(logPath, "a", 0o640);
    try {
      const options = {
        cwd: "/",
        env,
        detached: true,
        stdio: ["ignore", log, log, "pipe"] as ("ignore" | "pipe" | number)[],
      };
      return spawn(this.#options.tools.sh, [files.shim], options);
    } finally {
      closeSync(log);
    }
  }

  async #whenStarted(child: ChildProcess, container: ContainerSpec, files: InstanceFiles): Promise<Running> {
    const ended = new Promise<number>((resolve) => {
      child.once("exit", (code, signal) => resolve(code ?? (signal ? 137 : 125)));
      child.once("error", () => resolve(125));
    });
    const pipe = child.stdio[3] as Readable;
    const started = once(pipe, "data").then(
      () => true,
      () => false,
    );
    const isStarted = await Promise.race([started, ended.then(() => false)]);
    pipe.destroy();
    const program = readStat(files.programStat);
    if (!isStarted && !program) {
      await ended;
      throw new RuntimeError("CreateContainerError", readError(files));
    }
    child.unref();
    const exited = ended.then((code) => readExit(files) ?? this.#killed(files, code, false));
    return this.#running(container, files, exited, this.#options.isolation.namespaces);
  }

  async #adoptOne(record: InstanceRecord): Promise<Running> {
    const files = instanceFiles(this.#podsDir, record);
    const shim = await this.#shimOf(files);
    if (!shim || record.bootId !== this.#bootId) {
      const exit = readExit(files) ?? { code: 137, at: this.#options.clock.now(), lost: true };
      return this.#running(record, files, Promise.resolve(exit), record.root !== undefined, record.bootId);
    }
    const ended = new Promise<void>((resolve) => watchLifeLine(files.lifeLine, shim, resolve));
    const exited = ended.then(() => readExit(files) ?? this.#killed(files, 137, true));
    return this.#running(record, files, exited, record.root !== undefined, record.bootId);
  }

  /**
   * Who the shim was. A control process that was killed in the moment of a start leaves a shim that has not said so yet: it
   * either never begins, because its life line is taken, or says it now. One that takes too long is given up, which it looks
   * for after having said who it is: either we read that, or it reads this.
   */
  async #shimOf(files: InstanceFiles): Promise<ProcessIdentity | undefined> {
    const { clock } = this.#options;
    const since = clock.now();
    for (;;) {
      const shim = readStat(files.shimStat);
      if (shim || takeLifeLine(files.lifeLine)) return shim;
      if (clock.now() - since > START_TIMEOUT) break;
      await sleep(clock, 5);
    }
    abandon(files.abandoned);
    return readStat(files.shimStat);
  }

  /** The shim was killed before it could write the exit down; what it held dies too, but a moment later. */
  async #killed(files: InstanceFiles, code: number, lost: boolean): Promise<Exit> {
    const { clock } = this.#options;
    const at = clock.now();
    const init = readStat(files.initStat);
    while (init && signalProcess(init, "SIGKILL") && clock.now() - at < KILL_TIMEOUT) await sleep(clock, 5);
    return { code, at, lost };
  }

  #running(
    of: RunningProcessOptions["of"],
    files: InstanceFiles,
    exited: Promise<Exit>,
    namespaced: boolean,
    bootOf: string = this.#bootId,
  ): Running {
    const stale = bootOf !== this.#bootId;
    return new RunningProcess({ of, stale, files, exited, clock: this.#options.clock, namespaced });
  }
}

function withPath(
  env: Readonly<Record<string, string>>,
  nodeDir: string | undefined,
): Readonly<Record<string, string>> {
  return nodeDir === undefined ? env : { ...env, PATH: env["PATH"] ? `${nodeDir}:${env["PATH"]}` : nodeDir };
}

function writeFstab(files: InstanceFiles, { fstab, memory }: PreparedRoot): void {
  writeFileSync(files.fstab, `${fstab.join("\n")}\n`);
  if (memory) writeFileSync(files.memoryFstab, `${memory.mount}\n`);
}

function readError(files: InstanceFiles): string {
  try {
    return readFileSync(files.error, "utf8").trim().slice(0, 1000) || "the shim ended before the program was started";
  } catch {
    return "the shim could not be started";
  }
}

async function runExec(child: ChildProcess, { stdin, output, signal }: ExecOptions): Promise<ExecResult> {
  child.stdout?.on("data", (chunk: Buffer) => output("stdout", chunk));
  child.stderr?.on("data", (chunk: Buffer) => output("stderr", chunk));
  if (stdin && child.stdin) {
    child.stdin.on("error", () => undefined);
    stdin.pipe(child.stdin);
  }
  let stat = "";
  (child.stdio[3] as Readable).on("data", (chunk: Buffer) => {
    stat += chunk.toString();
  });
  const kill = (): void => {
    const command = parseStat(stat);
    if (command) signalGroup(command, "SIGKILL");
    child.kill("SIGKILL");
    // What the command left behind in a session of its own may hold its output open for ever.
    for (const stream of child.stdio) stream?.destroy();
  };
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted) kill();
  try {
    const [code, name] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    signal?.throwIfAborted();
    return { code: code ?? (name === null ? 1 : 137) };
  } finally {
    signal?.removeEventListener("abort", kill);
  }
}
