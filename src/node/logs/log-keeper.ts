import { execFile } from "node:child_process";
import { closeSync, openSync, readSync, rmSync, type Stats, statSync, truncateSync, watch } from "node:fs";
import { promisify } from "node:util";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import { LogTimes, timesPath } from "./log-times.ts";

export interface LogKeeperOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The program fallocate of util-linux; without it a log that is too long is emptied instead of shortened. */
  readonly fallocate?: string;
  /** A log is shortened when it is this long, by `MAX_LOG / 5`; the kubelet's default is 5 files of 10 MiB. */
  readonly maxBytes?: number;
}

const MAX_LOG = 50 * 1024 * 1024;
const BLOCK = 4096;
/** While a program keeps writing, its log is looked at no more often than this. Milliseconds. */
const DELAYS = [10, 20, 50] as const;

const run = promisify(execFile);

/** Notes when the logs of running containers grow, and keeps them bounded. Costs nothing while nothing is written. */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  readonly #logs = new Map<string, KeptLog>();

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  /**
   * Begins to watch the log at `path`, which exists. What was written while nobody looked gets the time of its last
   * byte.
   */
  keep(path: string, startedAt: number): void {
    if (this.#logs.has(path)) return;
    this.#logs.set(path, new KeptLog(path, startedAt, this.#options));
  }

  /** Takes a last look and stops watching; the container has ended. */
  release(path: string): void {
    this.#logs.get(path)?.stop();
    this.#logs.delete(path);
  }

  /** Removes a log that nobody writes any more. */
  remove(path: string): void {
    this.release(path);
    for (const file of [path, timesPath(path)]) rmSync(file, { force: true });
  }

  stop(): void {
    for (const path of this.#logs.keys()) this.release(path);
  }
}

class KeptLog {
  readonly #path: string;
  readonly #options: LogKeeperOptions;
  readonly #times: string;
  #size: number;
  #start: number;
  #unwatch: (() => void) | undefined;
  #cancel: Cancel | undefined;
  #shortening = false;
  #stopped = false;

  constructor(path: string, startedAt: number, options: LogKeeperOptions) {
    this.#path = path;
    this.#options = options;
    this.#times = timesPath(path);
    const times = LogTimes.read(this.#times);
    this.#start = times.start;
    this.#size = times.entries.at(-1)?.offset ?? 0;
    if (times.entries.length === 0) this.#note(0, startedAt);
    const stat = this.#stat();
    if (stat && stat.size > this.#size) this.#note(stat.size, stat.mtimeMs);
    this.#arm();
  }

  stop(): void {
    this.#look();
    this.#stopped = true;
    this.#unwatch?.();
    this.#cancel?.();
  }

  /** Waits for the next change; a busy log is not watched but looked at, or each write would be an event. */
  #arm(): void {
    try {
      const watcher = watch(this.#path, { persistent: false }, () => {
        this.#unwatch?.();
        this.#unwatch = undefined;
        this.#look();
        this.#later(0);
      });
      watcher.on("error", () => undefined);
      this.#unwatch = () => watcher.close();
    } catch (error) {
      this.#options.logger.warn("log cannot be watched", { path: this.#path, error });
      return;
    }
    this.#look();
  }

  #later(step: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(DELAYS[step] ?? DELAYS[2], () => {
      if (this.#look()) this.#later(Math.min(step + 1, DELAYS.length - 1));
      else this.#arm();
    });
  }

  /** Notes the length if it has changed. */
  #look(): boolean {
    const stat = this.#stat();
    if (!stat || stat.size === this.#size) return false;
    if (stat.size < this.#size) this.#start = 0;
    this.#note(stat.size, this.#options.clock.now());
    const max = this.#options.maxBytes ?? MAX_LOG;
    if (stat.size - this.#start > max && !this.#shortening) void this.#shorten(stat.size - Math.floor((max * 4) / 5));
    return true;
  }

  #note(offset: number, time: number): void {
    this.#size = offset;
    try {
      LogTimes.append(this.#times, { offset, time });
    } catch (error) {
      this.#options.logger.warn("time of a log cannot be noted", { path: this.#path, error });
    }
  }

  /**
   * Gives up what is before `wanted`. The program holds the file open and goes on at its end, so the file is not
   * replaced: its first part becomes a hole, which takes no room on the disk.
   */
  async #shorten(wanted: number): Promise<void> {
    this.#shortening = true;
    const hole = Math.floor(wanted / BLOCK) * BLOCK;
    // Readers are told first: they must not find a hole where they expect lines.
    this.#start = nextLine(this.#path, hole);
    this.#rewriteTimes();
    try {
      const place = ["--offset", "0", "--length", String(hole)];
      await run(this.#options.fallocate ?? "/nonexistent", ["--punch-hole", ...place, this.#path]);
    } catch (error) {
      this.#options.logger.warn("log cannot be shortened, so it is emptied", { path: this.#path, error });
      truncateSync(this.#path, 0);
      this.#start = 0;
      this.#size = 0;
      this.#rewriteTimes();
    } finally {
      this.#shortening = false;
    }
  }

  #rewriteTimes(): void {
    const times =
      this.#size === 0
        ? new LogTimes([{ offset: 0, time: this.#options.clock.now() }])
        : LogTimes.read(this.#times).from(this.#start);
    try {
      times.write(this.#times);
    } catch (error) {
      this.#options.logger.warn("times of a log cannot be written", { path: this.#path, error });
    }
  }

  #stat(): Stats | undefined {
    return statSync(this.#path, { throwIfNoEntry: false });
  }
}

/** Where the first whole line at or after `offset` begins. */
function nextLine(path: string, offset: number): number {
  const chunk = Buffer.alloc(64 * 1024);
  const file = openSync(path, "r");
  try {
    for (let at = offset; ; ) {
      const length = readSync(file, chunk, 0, chunk.length, at);
      if (length === 0) return offset;
      const newline = chunk.subarray(0, length).indexOf(10);
      if (newline >= 0) return at + newline + 1;
      at += length;
    }
  } finally {
    closeSync(file);
  }
}
