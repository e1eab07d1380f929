import { statSync } from "node:fs";
import type { Clock } from "../../lib/clock.ts";
import type { ContainerImage, ContainerRef, Exit, Running } from "../runtime.ts";
import type { InstanceFiles } from "./instance-files.ts";
import { readStat, signalProcess } from "./process-identity.ts";
import { killStrays } from "./strays.ts";

/** How long the shim may take to end after its program was killed, before it is killed itself. Milliseconds. */
const SHIM_GRACE = 1000;

export interface RunningProcessOptions {
  readonly of: Pick<Running, keyof ContainerRef | "image" | "hash" | "logPath">;
  readonly stale: boolean;
  readonly files: InstanceFiles;
  readonly exited: Promise<Exit>;
  readonly clock: Clock;
  /** Whether the kernel ends everything that the program started (PID namespace); else it is searched for. */
  readonly namespaced: boolean;
}

/** A container that runs as processes of this machine, or did. */
export class RunningProcess implements Running {
  readonly podUid: string;
  readonly name: string;
  readonly instance: number;
  readonly id: string;
  readonly image: ContainerImage;
  readonly hash: string;
  readonly stale: boolean;
  readonly logPath: string;
  readonly startedAt: number;
  readonly exited: Promise<Exit>;
  readonly #options: RunningProcessOptions;
  #hasExited = false;

  constructor(options: RunningProcessOptions) {
    this.#options = options;
    ({ podUid: this.podUid, name: this.name, instance: this.instance } = options.of);
    ({ image: this.image, hash: this.hash, logPath: this.logPath } = options.of);
    this.stale = options.stale;
    this.id = containerId(options.of);
    this.startedAt = timeOf(options.files.programStat) ?? timeOf(options.files.record) ?? options.clock.now();
    this.exited = options.exited.then((exit) => {
      this.#hasExited = true;
      if (!options.namespaced) killStrays(this.id);
      return exit;
    });
  }

  signal(name: NodeJS.Signals): void {
    const program = readStat(this.#options.files.programStat);
    if (program && !this.#hasExited) signalProcess(program, name);
  }

  /**
   * Killing the program is enough: the shim then writes the exit code down and ends, and the rest dies with it. Should
   * the shim not get that far, it is killed too.
   */
  kill(): void {
    if (this.#hasExited) return;
    const { files, clock, namespaced } = this.#options;
    this.signal("SIGKILL");
    if (!namespaced) killStrays(this.id);
    clock.after(SHIM_GRACE, () => {
      const shim = readStat(files.shimStat);
      if (shim && !this.#hasExited) signalProcess(shim, "SIGKILL");
    });
  }
}

export function containerId({ podUid, name, instance }: ContainerRef): string {
  return `process://${podUid}/${name}/${instance}`;
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
