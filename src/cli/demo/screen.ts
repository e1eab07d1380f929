import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Output } from "../context.ts";

/** How often the live part is drawn anew on a terminal, and how often a line tells of it elsewhere. */
const REDRAW = 250;
const LINE = 5000;

/** What is true now. */
export interface Live {
  /** For a terminal, where it is drawn over and over. */
  readonly table: () => readonly string[];
  /** For a file or a pipe, where it is told now and then. */
  readonly lines: () => readonly string[];
}

const NOTHING: Live = { table: () => [], lines: () => [] };

/**
 * What the demo shows: lines that stay, each with the time since the beginning, and on a terminal below them a live part that is
 * drawn over and over. Where there is no terminal, the live part is told now and then.
 */
export class Screen implements Disposable {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #began: number;
  #live: Live = NOTHING;
  #drawn = 0;
  #cancel: Cancel;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.#cancel = clock.after(this.#period, () => this.#tick());
  }

  /** Lines that stay. */
  print(text: string): void {
    this.#erase();
    for (const line of text.split("\n")) this.#output.write(line === "" ? "\n" : `${this.#stamp()} ${line}\n`);
    this.#draw();
  }

  /** What the live part shows from now on. */
  show(live: Live = NOTHING): void {
    this.#live = live;
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#erase();
    this.#live = NOTHING;
  }

  get #period(): number {
    return this.#output.isTTY ? REDRAW : LINE;
  }

  #tick(): void {
    this.#cancel = this.#clock.after(this.#period, () => this.#tick());
    if (this.#output.isTTY) {
      this.#erase();
      this.#draw();
      return;
    }
    for (const line of this.#live.lines()) this.#output.write(`${this.#stamp()} ${line}\n`);
  }

  #draw(): void {
    if (!this.#output.isTTY) return;
    const lines = this.#live.table().map((line) => line.slice(0, Math.max(20, this.#output.columns - 1)));
    for (const line of lines) this.#output.write(`${line}\n`);
    this.#drawn = lines.length;
  }

  /** Takes the cursor back to where the live part begins, and clears from there. */
  #erase(): void {
    if (this.#drawn > 0) this.#output.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }

  #stamp(): string {
    const all = Math.floor((this.#clock.monotonic() - this.#began) / 1000);
    return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`.padStart(5);
  }
}
