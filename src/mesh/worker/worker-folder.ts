import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Trip } from "../../api/generated/sluice-dev.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Snapshot } from "../../plan/routing/snapshot.ts";
import type { TripRecord } from "../session/gatekeeper.ts";

/** What a worker serves by until the API says more. */
export interface KeptState {
  readonly snapshot: Snapshot;
  /** Trip specs by `ns/name`. */
  readonly limits: Readonly<Record<string, Trip["spec"]>>;
}

/** Raised when the meaning of the files changes: files of another format are ignored. */
const FORMAT = 1;
/** A burst of snapshots is written once. Milliseconds. */
const PAUSE = 250;

/** HOME/mesh/<name>: what one worker keeps across its own restarts. Files are replaced whole, by rename. */
export class WorkerFolder implements AsyncDisposable {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #waiting: KeptState | undefined;
  #cancel: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, clock: Clock, log: Logger) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Undefined when nothing was kept that looks like one. */
  readState(): KeptState | undefined {
    const { snapshot, limits } = this.#read<Partial<KeptState>>("state.json");
    return snapshot?.backends && Array.isArray(snapshot.listeners) && limits ? { snapshot, limits } : undefined;
  }

  readTrips(): readonly TripRecord[] {
    const { trips } = this.#read<{ readonly trips?: readonly (TripRecord | null)[] }>("trips.json");
    return Array.isArray(trips) ? trips.filter((trip) => typeof trip?.session === "string") : [];
  }

  /** Soon, and only the newest of several. */
  keepState(state: KeptState): void {
    this.#waiting = state;
    this.#cancel ??= this.#clock.after(PAUSE, () => this.#flush());
  }

  /** At once: a gate that was shut must stay shut whatever happens next. */
  keepTrips(trips: readonly TripRecord[]): void {
    const path = join(this.#folder, "trips.json");
    try {
      writeFileSync(`${path}.new`, JSON.stringify({ format: FORMAT, trips }), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      this.#log.error("the trips could not be kept", { error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const state = this.#waiting;
    this.#waiting = undefined;
    if (state) this.#writing = this.#writing.then(() => this.#write(state));
  }

  async #write(state: KeptState): Promise<void> {
    const path = join(this.#folder, "state.json");
    try {
      await writeFile(`${path}.new`, JSON.stringify({ format: FORMAT, ...state }), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      this.#log.warn("the snapshot could not be kept", { error });
    }
  }

  #read<T extends object>(name: string): Partial<T> {
    try {
      const kept = JSON.parse(readFileSync(join(this.#folder, name), "utf8")) as T & { readonly format: number };
      if (kept.format === FORMAT) return kept;
      this.#log.warn("a kept file is of another format", { name });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.#log.warn("a kept file cannot be read", { name, error });
    }
    return {};
  }
}
