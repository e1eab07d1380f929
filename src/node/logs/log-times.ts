import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** "Everything below `offset` had been written at `time`" (milliseconds since the epoch). */
export interface LogTime {
  readonly offset: number;
  readonly time: number;
}

const ENTRY = 16;

/**
 * When which part of a log was written: the programs of pods write their logs themselves, without times, and the node
 * agent notes in a second file how long the log was when. The first entry says where the log begins (what was before it
 * has been given up) and when.
 */
export class LogTimes {
  readonly entries: readonly LogTime[];

  constructor(entries: readonly LogTime[]) {
    this.entries = entries;
  }

  /** Reads the file; an entry that was only half written is left out. */
  static read(path: string): LogTimes {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      return new LogTimes([]);
    }
    const entries: LogTime[] = [];
    for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
      entries.push({ offset: bytes.readDoubleLE(at), time: bytes.readDoubleLE(at + 8) });
    }
    return new LogTimes(entries);
  }

  static append(path: string, entry: LogTime): void {
    appendFileSync(path, encode([entry]), { mode: 0o640 });
  }

  /** Replaces the file as a whole. */
  write(path: string): void {
    writeFileSync(`${path}.new`, encode(this.entries), { mode: 0o640 });
    renameSync(`${path}.new`, path);
  }

  /** Where the log begins. */
  get start(): number {
    return this.entries[0]?.offset ?? 0;
  }

  /** When the byte at `offset` was written; undefined when nobody has noted it yet. */
  timeAt(offset: number): number | undefined {
    return this.entries[this.#firstAfter(offset)]?.time;
  }

  /** Where what was written at `time` or later begins; undefined when that has not been noted yet. */
  offsetAt(time: number): number | undefined {
    let low = 1;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle]?.time ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low < this.entries.length ? this.entries[low - 1]?.offset : undefined;
  }

  /** The times of a log that now begins at `start`. */
  from(start: number): LogTimes {
    const next = Math.max(1, this.#firstAfter(start));
    return new LogTimes([{ offset: start, time: this.entries[next - 1]?.time ?? 0 }, ...this.entries.slice(next)]);
  }

  #firstAfter(offset: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle]?.offset ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function encode(entries: readonly LogTime[]): Buffer {
  const bytes = Buffer.alloc(entries.length * ENTRY);
  for (const [index, { offset, time }] of entries.entries()) {
    bytes.writeDoubleLE(offset, index * ENTRY);
    bytes.writeDoubleLE(time, index * ENTRY + 8);
  }
  return bytes;
}

/** The file with the times of the log at `logPath`. */
export const timesPath = (logPath: string): string => `${logPath}.times`;
