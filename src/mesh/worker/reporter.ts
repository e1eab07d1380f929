import { meshworkers } from "../../api/generated/resources.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";

export type WorkerStatus = NonNullable<MeshWorker["status"]>;
/** The parts of the status; one that has not changed is not sent again. */
export type Part = "serving" | "ledger";

export interface ReporterDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly name: string;
  /** The same in each report of this run. */
  readonly run: Pick<WorkerStatus, "epoch" | "pid" | "startTime">;
  /** What serves now: applied versions, listeners, refused ports, draining endpoints, trips. */
  serving(): Pick<WorkerStatus, "applied" | "listeners" | "refused" | "draining" | "trips">;
  ledger(): Pick<WorkerStatus, "requests" | "failures" | "users">;
}

const EVERYTHING: ReadonlySet<Part> = new Set(["serving", "ledger"]);
/** Milliseconds. */
const RENEW = 1_000;
const LEASE_SECONDS = 3;
const LEDGER_DELAY = 200;
const RETRY = 250;

/**
 * Tells the API what this worker does, as the status of its MeshWorker: at once when something is in force or the new version has
 * failed, the ledger within 200 ms, and once a second that it lives. One write at a time: what changes meanwhile goes with the next.
 */
export class Reporter implements AsyncDisposable {
  readonly #deps: ReporterDeps;
  #due = new Set<Part>();
  #urgent = false;
  /** The API knows nothing of us: the next report creates the object. */
  #unknown = true;
  #writing: Promise<void> | undefined;
  #renew: Cancel | undefined;
  #later: Cancel | undefined;
  #stopped = false;
  /** The last report could not be written. */
  #silent = false;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** From now on it reports, beginning with everything. */
  start(): void {
    this.#due = new Set(EVERYTHING);
    this.#renew = this.#deps.clock.after(0, this.#beat);
  }

  /** Somebody waits for this. */
  now(part: Part): void {
    this.#due.add(part);
    this.#urgent = true;
    if (this.#renew) this.#send();
  }

  /** The ledger has changed, nothing that anybody waits for. */
  soon(): void {
    this.#due.add("ledger");
    if (this.#renew) this.#later ??= this.#deps.clock.after(LEDGER_DELAY, this.#sendLater);
  }

  /** A last report, then the object goes: nobody waits for the acknowledgement of a worker that has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#renew?.();
    this.#later?.();
    this.#renew = undefined;
    await this.#writing;
    if (this.#unknown) return;
    try {
      await this.#write(new Set(EVERYTHING));
      await this.#deps.client.delete(meshworkers, this.#deps.name);
    } catch (error) {
      this.#deps.log.info("the worker could not sign off", { error });
    }
  }

  readonly #beat = (): void => {
    this.#renew = this.#deps.clock.after(RENEW, this.#beat);
    this.#send();
  };

  readonly #sendLater = (): void => {
    this.#later = undefined;
    this.#send();
  };

  #send(): void {
    if (this.#writing || this.#stopped) return;
    const due = this.#due;
    this.#due = new Set();
    this.#urgent = false;
    this.#later?.();
    this.#later = undefined;
    this.#writing = this.#write(due).then(
      () => this.#written(),
      (error: unknown) => this.#failed(due, error),
    );
  }

  #written(): void {
    this.#writing = undefined;
    if (this.#silent) this.#deps.log.info("reporting again");
    this.#silent = false;
    if (this.#urgent) this.#send();
    else if (this.#due.size > 0) this.soon();
  }

  #failed(due: ReadonlySet<Part>, error: unknown): void {
    this.#writing = undefined;
    for (const part of due) this.#due.add(part);
    if (!this.#silent) this.#deps.log.warn("the report could not be written", { error: String(error) });
    this.#silent = true;
    if (!this.#stopped) this.#later ??= this.#deps.clock.after(RETRY, this.#sendLater);
  }

  async #write(due: ReadonlySet<Part>): Promise<void> {
    if (this.#unknown) {
      await this.#create();
      await this.#patch(EVERYTHING);
      this.#unknown = false;
      return;
    }
    try {
      await this.#patch(due);
    } catch (error) {
      // The control process has begun anew, and an ephemeral object does not outlive it.
      if (!isNotFound(error)) throw error;
      this.#unknown = true;
      this.#deps.log.info("the API has forgotten this worker");
      await this.#write(due);
    }
  }

  async #create(): Promise<void> {
    const { client, name } = this.#deps;
    try {
      await client.create(meshworkers, { apiVersion: "sluice.dev/v1alpha1", kind: "MeshWorker", metadata: { name } });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #patch(due: ReadonlySet<Part>): Promise<void> {
    const { client, clock, name, run } = this.#deps;
    const status: WorkerStatus = {
      ...run,
      renewTime: new Date(clock.now()).toISOString(),
      leaseSeconds: LEASE_SECONDS,
      ...(due.has("serving") && this.#deps.serving()),
      ...(due.has("ledger") && this.#deps.ledger()),
    };
    await client.patch(meshworkers, name, undefined, { type: "merge", body: { status } }, { subresource: "status" });
  }
}
