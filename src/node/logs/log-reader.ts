import { type FileHandle, open } from "node:fs/promises";
import { watch } from "node:fs";
import { formatMicroTimestamp } from "../../lib/timestamp.ts";
import { LogTimes, timesPath } from "./log-times.ts";

/** What to show of a log, as in core/v1 PodLogOptions. */
export interface LogOptions {
  /** Only the last lines. */
  readonly tailLines?: number;
  /** Only what was written at this time or later; milliseconds since the epoch. */
  readonly since?: number;
  readonly timestamps?: boolean;
  readonly limitBytes?: number;
  /** Go on until this resolves: the container has ended. */
  readonly followUntil?: Promise<unknown>;
}

const CHUNK = 64 * 1024;
const NEWLINE = 10;

/** The log at `path` as it is to be shown, chunk by chunk. A log that is not there is empty. */
export async function* readLog(path: string, options: LogOptions, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    yield* limited(new LogView(path, file, options, signal).read(), options.limitBytes);
  } finally {
    await file.close();
  }
}

/** The last lines of a log, at most `maxLines` and `maxBytes`; longer lines are cut at their beginning. */
export async function tailOfLog(path: string, maxLines: number, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readLog(path, { tailLines: maxLines })) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return bytes.subarray(Math.max(0, bytes.length - maxBytes)).toString();
}

async function* limited(source: AsyncGenerator<Buffer>, limit = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  let left = limit;
  for await (const chunk of source) {
    if (left <= 0) return;
    yield chunk.length <= left ? chunk : chunk.subarray(0, left);
    left -= chunk.length;
  }
}

class LogView {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #options: LogOptions;
  readonly #signal: AbortSignal | undefined;
  #times: LogTimes;

  constructor(path: string, file: FileHandle, options: LogOptions, signal: AbortSignal | undefined) {
    this.#path = path;
    this.#file = file;
    this.#options = options;
    this.#signal = signal;
    this.#times = LogTimes.read(timesPath(path));
  }

  async *read(): AsyncGenerator<Buffer> {
    const { size } = await this.#file.stat();
    const start = await this.#startOffset(size);
    // What is written while the log is read belongs to those who follow: a program that floods must not make this
    // endless.
    const bytes = this.#options.followUntil ? this.#followFrom(start) : this.#bytesBetween(start, size);
    yield* this.#options.timestamps ? this.#stamped(bytes, start) : bytes;
  }

  async #startOffset(size: number): Promise<number> {
    const { since, tailLines } = this.#options;
    let start = this.#times.start;
    if (since !== undefined) start = Math.max(start, await this.#offsetSince(since, size));
    if (tailLines !== undefined) start = Math.max(start, await this.#offsetOfTail(tailLines, start, size));
    return start;
  }

  /** What nobody has noted yet was written after the last note, at the latest when the file was changed last. */
  async #offsetSince(since: number, size: number): Promise<number> {
    const noted = this.#times.offsetAt(since);
    const { mtimeMs } = await this.#file.stat();
    const offset = noted ?? (mtimeMs >= since ? (this.#times.entries.at(-1)?.offset ?? 0) : size);
    return this.#lineStartAt(offset, size);
  }

  /** `offset` if a line begins there, else where the next one begins. */
  async #lineStartAt(offset: number, size: number): Promise<number> {
    if (offset <= this.#times.start || offset >= size) return offset;
    for (let at = offset - 1; at < size; at += CHUNK) {
      const newline = (await this.#chunk(at, Math.min(CHUNK, size - at))).indexOf(NEWLINE);
      if (newline >= 0) return at + newline + 1;
    }
    return size;
  }

  /** Counts newlines from the end; one at the very end belongs to the last line. */
  async #offsetOfTail(lines: number, start: number, size: number): Promise<number> {
    if (lines === 0) return size;
    let missing = lines;
    for (let end = size; end > start; ) {
      const begin = Math.max(start, end - CHUNK);
      const chunk = await this.#chunk(begin, end - begin);
      for (let i = chunk.length - 1; i >= 0; i--) {
        if (chunk[i] === NEWLINE && begin + i !== size - 1 && --missing === 0) return begin + i + 1;
      }
      end = begin;
    }
    return start;
  }

  async *#bytesBetween(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; ) {
      const chunk = await this.#chunk(at, Math.min(CHUNK, end - at));
      if (chunk.length === 0) return;
      if (this.#isHole(chunk, at)) {
        at = this.#times.start;
        continue;
      }
      yield chunk;
      at += chunk.length;
      this.#signal?.throwIfAborted();
    }
  }

  /** What is read may be given up meanwhile: then it is zeros, and the log begins later. */
  #isHole(chunk: Buffer, at: number): boolean {
    if (chunk[0] !== 0) return false;
    this.#times = LogTimes.read(timesPath(this.#path));
    return at < this.#times.start;
  }

  async *#followFrom(start: number): AsyncGenerator<Buffer> {
    using growth = new Growth(this.#path, this.#options.followUntil, this.#signal);
    for (let at = start; ; ) {
      growth.forget();
      for (let chunk = await this.#chunk(at, CHUNK); chunk.length > 0; chunk = await this.#chunk(at, CHUNK)) {
        if (this.#isHole(chunk, at)) {
          at = this.#times.start;
          continue;
        }
        yield chunk;
        at += chunk.length;
        this.#signal?.throwIfAborted();
      }
      if (!(await growth.wait())) return;
      if ((await this.#file.stat()).size < at) at = 0;
    }
  }

  /** Puts the time before each line. A line that comes in pieces has the time of its first. */
  async *#stamped(source: AsyncGenerator<Buffer>, start: number): AsyncGenerator<Buffer> {
    let at = start;
    let atLineStart = true;
    for await (const chunk of source) {
      const parts: Buffer[] = [];
      for (let from = 0; from < chunk.length; ) {
        if (atLineStart) parts.push(Buffer.from(`${await this.#stamp(at + from)} `));
        const newline = chunk.indexOf(NEWLINE, from);
        const to = newline < 0 ? chunk.length : newline + 1;
        parts.push(chunk.subarray(from, to));
        atLineStart = newline >= 0;
        from = to;
      }
      at += chunk.length;
      yield Buffer.concat(parts);
    }
  }

  async #stamp(offset: number): Promise<string> {
    let time = this.#times.timeAt(offset);
    if (time === undefined) {
      this.#times = LogTimes.read(timesPath(this.#path));
      time = this.#times.timeAt(offset) ?? (await this.#file.stat()).mtimeMs;
    }
    return formatMicroTimestamp(time).replace("Z", "000Z");
  }

  async #chunk(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }
}

/** Tells when a file has grown. */
class Growth implements Disposable {
  readonly #close: () => void;
  #changed = false;
  #ended: boolean;
  #lastPass = false;
  #wake: (() => void) | undefined;

  constructor(path: string, until: Promise<unknown> | undefined, signal: AbortSignal | undefined) {
    const watcher = watch(path, { persistent: false }, () => {
      this.#changed = true;
      this.#wake?.();
    });
    watcher.on("error", () => undefined);
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    this.#ended = signal?.aborted ?? false;
    until?.then(end, end);
    signal?.addEventListener("abort", end, { once: true });
    this.#close = () => {
      watcher.close();
      signal?.removeEventListener("abort", end);
    };
  }

  /** Whatever happened so far is about to be read. */
  forget(): void {
    this.#changed = false;
  }

  /**
   * Resolves when there may be more to read: at the next growth since `forget`, once more after the end; then with
   * false.
   */
  async wait(): Promise<boolean> {
    if (!this.#changed && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (!this.#ended) return true;
    const more = !this.#lastPass;
    this.#lastPass = true;
    return more;
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
