import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/** Where log lines go; each line ends with a newline. Must not throw. */
export interface LineWriter {
  write(line: string): void;
}

/** Writes to a stream that is open already, as 2 for the error output. */
export function descriptorWriter(descriptor: number): LineWriter {
  return { write: (line) => attempt(() => writeSync(descriptor, line)) };
}

/** At this size the file becomes `<path>.1`, and the `<path>.1` before it goes. */
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * A log file that is written line by line, synchronously, so that the last words before a crash are in it, and that never takes more than
 * twice `maxBytes`. A line that the disk does not take is lost and counted; the program goes on.
 */
export class LogFile implements LineWriter, Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  #descriptor: number | undefined;
  #bytes = 0;
  #lost = 0;

  constructor(path: string, maxBytes: number = MAX_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#open();
  }

  write(line: string): void {
    if (this.#bytes >= this.#maxBytes) this.#turnOver();
    if (this.#lost > 0 && this.#append(`{"level":"warn","msg":"log lines were lost","lines":${this.#lost}}\n`)) {
      this.#lost = 0;
    }
    if (!this.#append(line)) this.#lost += 1;
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #append(text: string): boolean {
    if (this.#descriptor === undefined) this.#open();
    const { written } = this.#writeAll(Buffer.from(text));
    this.#bytes += written;
    return written > 0;
  }

  /** A full disk may take half a line: the rest is given up, and the next line begins anew. */
  #writeAll(bytes: Buffer): { readonly written: number } {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return { written: 0 };
    let written = 0;
    attempt(() => {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    });
    return { written };
  }

  #open(): void {
    attempt(() => {
      this.#descriptor = openSync(this.#path, "a", 0o600);
      this.#bytes = fstatSync(this.#descriptor).size;
    });
  }

  #turnOver(): void {
    this[Symbol.dispose]();
    attempt(() => renameSync(this.#path, `${this.#path}.1`));
    this.#open();
  }
}

/** What a log cannot do it cannot even log. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Nobody to tell.
  }
}
