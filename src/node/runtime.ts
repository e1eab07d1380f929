import type { Readable } from "node:stream";

/**
 * Where containers run: as processes of this machine (process/), later in a container engine. The agent decides what is
 * to run; a runtime only does it. Everything a runtime starts outlives this process, and `adopt` finds it again.
 */
export interface Runtime {
  /** Makes the pod's surroundings (address, hosts file, volumes' mount points). Idempotent. */
  preparePod(pod: PodSpec): Promise<void>;
  /** Starts a container; resolves when the program has been executed. Rejects with RuntimeError. */
  start(container: ContainerSpec): Promise<Running>;
  /** Everything of earlier control processes that still exists: running, or ended while nobody looked. */
  adopt(): Promise<readonly Running[]>;
  exec(container: ContainerRef, command: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** Frees whatever preparePod and start left behind. The containers have ended. */
  removePod(podUid: string): Promise<void>;
}

export interface PodSpec {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
}

export interface ContainerRef {
  readonly podUid: string;
  readonly name: string;
  /** Counts the instances of this container in this pod: 0 for the first, +1 with each restart. */
  readonly instance: number;
}

export interface ContainerSpec extends ContainerRef {
  /** Root of the unpacked image (a directory that must not be written to). */
  readonly imageRoot: string;
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** File that gets the container's output, in CRI log format. */
  readonly logPath: string;
  readonly user?: { readonly uid: number; readonly gid?: number };
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Running extends ContainerRef {
  /** Stable over adoption, e.g. `process://<pod uid>/<container>/<instance>`. */
  readonly id: string;
  readonly startedAt: number;
  /** Resolves when the program has ended, also if it ended while no control process ran. */
  readonly exited: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  /** Kills everything the container started, including what it forked away. */
  kill(): void;
}

export interface Exit {
  readonly code: number;
  readonly signal?: number;
  readonly at: number;
  readonly oom: boolean;
}

export interface ExecOptions {
  readonly stdin?: Readable;
  readonly timeout?: number;
  readonly output: (stream: "stdout" | "stderr", chunk: Buffer) => void;
}

export interface ExecResult {
  readonly code: number;
}

/** Why a container could not be started, in the kubelet's words (`StartError`, `CreateContainerError`, …). */
export class RuntimeError extends Error {
  readonly reason: "CreateContainerError" | "RunContainerError" | "StartError";

  constructor(reason: RuntimeError["reason"], message: string) {
    super(message);
    this.name = "RuntimeError";
    this.reason = reason;
  }
}
