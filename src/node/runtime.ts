import type { Readable } from "node:stream";

/**
 * Where containers run: as processes of this machine (process/), later in a container engine. The agent decides what is
 * to run; a runtime only does it. Everything a runtime starts outlives this process, and `adopt` finds it again.
 */
export interface Runtime {
  /** Makes the pod's surroundings (its hosts file and the like). Idempotent: also brings them up to date. */
  preparePod(pod: PodSpec): Promise<void>;
  /** Starts a container; resolves when the program is being executed. Rejects with RuntimeError. */
  start(container: ContainerSpec): Promise<Running>;
  /** Everything of earlier control processes that still exists: running, or ended while nobody looked. */
  adopt(): Promise<readonly Running[]>;
  /** Runs a command beside the program of a running container, as the program sees the machine. */
  exec(container: ContainerRef, command: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** Frees what an instance that has ended left behind; its log stays. */
  removeContainer(container: ContainerRef): Promise<void>;
  /** Frees whatever preparePod and start left behind. The containers have ended. */
  removePod(podUid: string): Promise<void>;
}

export interface PodSpec {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  /** Content of /etc/hosts. */
  readonly hosts: string;
  /** Content of /etc/resolv.conf; absent: the machine's own. */
  readonly resolvConf?: string;
}

export interface ContainerRef {
  readonly podUid: string;
  readonly name: string;
  /** Counts the instances of this container in this pod: 0 for the first, +1 with each restart. */
  readonly instance: number;
}

export interface ContainerSpec extends ContainerRef {
  readonly image: ContainerImage;
  /** Root of the unpacked image (a directory that must not be written to). */
  readonly imageRoot: string;
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** File to whose end the program's output goes, both streams as they come (docs/adr/0006-pod-logs.md). */
  readonly logPath: string;
  /** Hash of the part of the pod that this container was made from; given back by `adopt`. */
  readonly hash: string;
  readonly user?: ContainerUser;
  readonly readOnlyRoot?: boolean;
}

/** Which image a container was made from; kept with the container and given back by `adopt`. */
export interface ContainerImage {
  /** Digest of the configuration, by which the image store knows it. */
  readonly id: string;
  /** Full name: `docker.io/library/shop:1`. */
  readonly name: string;
  /** `docker.io/library/shop@sha256:…` */
  readonly reference: string;
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

export interface Mount {
  /** A file or directory of this machine. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Running extends ContainerRef {
  /** Stable over adoption, e.g. `process://<pod uid>/<container>/<instance>`. */
  readonly id: string;
  readonly image: ContainerImage;
  readonly hash: string;
  /** It was started before the machine was last restarted. */
  readonly stale: boolean;
  readonly logPath: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Resolves when the program has ended, also if it ended while no control process ran; never rejects. */
  readonly exited: Promise<Exit>;
  /** Sends a signal to the program, unless it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Kills everything the container started, including what it forked away. */
  kill(): void;
}

export interface Exit {
  /** As a shell says it: 128 + n for signal n. */
  readonly code: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** How it ended is not known (the machine was restarted, the shim was killed); the code is then 137. */
  readonly lost: boolean;
}

export interface ExecOptions {
  readonly stdin?: Readable;
  /** Kills the command when aborted; `exec` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly output: (stream: "stdout" | "stderr", chunk: Buffer) => void;
}

export interface ExecResult {
  readonly code: number;
}

/** Why a container could not be started, in the kubelet's words. */
export class RuntimeError extends Error {
  readonly reason: "CreateContainerError" | "RunContainerError" | "StartError";

  constructor(reason: RuntimeError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeError";
    this.reason = reason;
  }
}
