import { type Clock, sleep } from "../lib/clock.ts";
import type { Logger } from "../observe/logger.ts";
import { readyPid } from "./process-record.ts";
import { feelPulse, type PulseState } from "./pulse.ts";

export interface WatchdogOptions {
  /** HOME/run. */
  readonly run: string;
  /** Who is watched; asked each time. */
  readonly names: () => readonly string[];
  /** Milliseconds that a process may owe an answer. */
  readonly patience: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
}

/** Milliseconds. */
const INTERVAL = 5_000;

/**
 * Kills processes of the engine that are alive but do nothing any more, so that their respawners bring them back: a mesh worker that
 * hangs keeps its share of the new connections, which nobody answers. It watches those only that have said that they are ready.
 */
export class Watchdog implements Disposable {
  readonly #options: WatchdogOptions;
  readonly #stop = new AbortController();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): this {
    void this.#watch();
    return this;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const { clock, names } = this.#options;
    while (!this.#stop.signal.aborted) {
      await Promise.all(names().map((name) => this.#check(name)));
      await sleep(clock, INTERVAL, this.#stop.signal).catch(() => undefined);
    }
  }

  async #check(name: string): Promise<void> {
    const { run, log, kill, patience } = this.#options;
    const pid = readyPid(run, name);
    if (pid === undefined) return;
    // Asked twice: after a pause of the whole machine the time of a question may be over before its answer is read.
    for (let question = 1; question <= 2; question++)
      if ((await this.#feel(name)) !== "still" || this.#stop.signal.aborted) return;
    // The answers that are missing are those of the process that is there now only if it was there before.
    if (readyPid(run, name) !== pid) return;
    log.error("a process hangs and is killed", { hangs: name, pid, seconds: patience / 1000 });
    kill(pid, "SIGKILL");
  }

  #feel(name: string): Promise<PulseState> {
    const { run, clock, patience } = this.#options;
    return feelPulse(run, name, clock, patience / 2);
  }
}
