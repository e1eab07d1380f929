import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { LoadPlan } from "./load/plan.ts";
import { parseLog, type RequestRecord } from "./load/record.ts";

/** How often the log is looked at. */
const LOOK = 100;

const CHUNK = 1024 * 1024;

export interface LoadProcessOptions {
  /** As in the Context. */
  readonly node: string;
  readonly programs: string;
  /** Where plan and log go. */
  readonly folder: string;
  readonly plan: LoadPlan;
  readonly clock: Clock;
  /** There are new records. */
  readonly onRecords: () => void;
  /** The generator has ended though nobody asked it to. */
  readonly onDeath: () => void;
}

/** The load generator, a process of its own, and what it has written so far. */
export class LoadProcess implements AsyncDisposable {
  readonly records: RequestRecord[] = [];
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #log: number;
  readonly #onRecords: () => void;
  #rest = "";
  #position = 0;
  #cancel: Cancel;
  #stopped = false;

  constructor(options: LoadProcessOptions) {
    const { node, programs, folder, plan, clock, onRecords, onDeath } = options;
    const [planFile, log] = [join(folder, "load-plan.json"), join(folder, "load.log")];
    writeFileSync(planFile, JSON.stringify(plan));
    this.#log = openSync(log, "a+");
    this.#clock = clock;
    this.#onRecords = onRecords;
    // In a group of its own, so that Ctrl-C in the terminal does not end it before the demo has read what it has seen.
    this.#child = spawn(node, [join(programs, "load-generator.js"), planFile, log], {
      stdio: ["pipe", "ignore", "inherit"],
      detached: true,
    }).once("error", onDeath);
    this.#child.once("close", () => {
      if (!this.#stopped) onDeath();
    });
    this.#cancel = clock.after(LOOK, () => this.#look());
  }

  /** Stops the load, waits for the answers that are still to come, and reads the log to its end. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await ended;
    }
    this.#read();
    closeSync(this.#log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #look(): void {
    this.#read();
    this.#cancel = this.#clock.after(LOOK, () => this.#look());
  }

  #read(): void {
    const buffer = Buffer.allocUnsafe(CHUNK);
    let read = 0;
    do {
      read = readSync(this.#log, buffer, 0, CHUNK, this.#position);
      this.#position += read;
      this.#rest += buffer.toString("latin1", 0, read);
    } while (read === CHUNK);
    const end = this.#rest.lastIndexOf("\n") + 1;
    if (end === 0) return;
    this.records.push(...parseLog(this.#rest.slice(0, end)));
    this.#rest = this.#rest.slice(end);
    this.#onRecords();
  }
}
