import { close, fstatSync, openSync, renameSync, write } from "node:fs";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import { type AccessLog, accessLine, type LoggedRequest } from "../dataplane/access-log.ts";
import { Timestamps } from "../dataplane/timestamps.ts";

/** Lines are written together: before they are more than this many bytes, or after this many milliseconds. */
const BATCH = 65_536;
const DELAY = 250;
/** At this size the file becomes `<path>.1`, and the `<path>.1` before it goes. */
const MAX_BYTES = 32 * 1024 * 1024;
/** More than this the disk is not waited for: lines are lost, and counted. */
const MAX_BACKLOG = 4 * 1024 * 1024;

/** The access log of a worker: one line of JSON for each request, written in batches and never waited for. */
export class AccessLogFile implements AccessLog, AsyncDisposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #maxBytes: number;
  /** Undefined while the file cannot be opened. */
  #descriptor: number | undefined;
  readonly #timestamps = new Timestamps();
  #size = 0;
  /** Lines that have come since the last batch. */
  readonly #lines = Buffer.allocUnsafeSlow(BATCH);
  #filled = 0;
  /** Batches that wait for the disk, and how long they are together. */
  readonly #batches: Buffer[] = [];
  #backlog = 0;
  #lost = 0;
  /** It was said that the log cannot be written. */
  #failing = false;
  #cancel: Cancel | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string, clock: Clock, log: Logger, maxBytes: number = MAX_BYTES) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#maxBytes = maxBytes;
    this.#open();
  }

  add(request: LoggedRequest): void {
    if (this.#backlog > MAX_BACKLOG) {
      this.#lost++;
      return;
    }
    const line = accessLine(request, this.#timestamps);
    if (this.#filled + line.length > BATCH) this.#flush();
    if (line.length > BATCH) this.#wait(Buffer.from(line, "latin1"));
    else this.#filled += this.#lines.write(line, this.#filled, "latin1");
    this.#cancel ??= this.#clock.after(DELAY, () => this.#flush());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    await this.#writing;
    const descriptor = this.#descriptor;
    if (descriptor !== undefined) await new Promise<void>((resolve) => close(descriptor, () => resolve()));
  }

  #open(): number | undefined {
    try {
      this.#descriptor = openSync(this.#path, "a", 0o600);
      this.#size = fstatSync(this.#descriptor).size;
    } catch (error) {
      this.#failed(error);
    }
    return this.#descriptor;
  }

  /** Said once, not for every batch. */
  #failed(error: unknown): void {
    if (!this.#failing) this.#log.warn("the access log cannot be written", { error });
    this.#failing = true;
  }

  #flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#filled > 0) this.#wait(Buffer.from(this.#lines.subarray(0, this.#filled)));
    this.#filled = 0;
    if (!this.#writing && this.#backlog > 0) this.#writing = this.#write();
  }

  #wait(bytes: Buffer): void {
    this.#batches.push(bytes);
    this.#backlog += bytes.length;
  }

  async #write(): Promise<void> {
    for (let bytes = this.#batches.shift(); bytes; bytes = this.#batches.shift()) {
      if (this.#lost > 0) this.#log.warn("lines of the access log were lost", { lines: this.#lost });
      this.#lost = 0;
      await this.#append(bytes);
      this.#backlog -= bytes.length;
      if (this.#size >= this.#maxBytes) this.#turnOver();
    }
    this.#writing = undefined;
  }

  async #append(bytes: Buffer): Promise<void> {
    const descriptor = this.#descriptor ?? this.#open();
    for (let at = 0; descriptor !== undefined && at < bytes.length; ) {
      try {
        const count = await written(descriptor, bytes.subarray(at));
        at += count;
        this.#size += count;
        this.#failing = false;
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
  }

  #turnOver(): void {
    try {
      renameSync(this.#path, `${this.#path}.1`);
      const old = this.#descriptor;
      this.#descriptor = openSync(this.#path, "a", 0o600);
      if (old !== undefined) close(old, () => undefined);
      this.#size = 0;
    } catch (error) {
      this.#log.warn("the access log cannot be turned over", { error });
    }
  }
}

const written = (descriptor: number, bytes: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    write(descriptor, bytes, (error, count) => (error ? reject(error) : resolve(count)));
  });
