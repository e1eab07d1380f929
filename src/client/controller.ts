import { type KubeObject, keyOf } from "../api/object.ts";
import { isConflict, isNotFound } from "../api/status-error.ts";
import type { Backoff } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { type Random, randomSuffix } from "../lib/random.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { Logger } from "../observe/logger.ts";
import { type Counter, type Histogram, type Metrics, silentMetrics } from "../observe/metrics.ts";
import type { Informer } from "./informer.ts";

/** What a reconcile says: nothing more to do until something changes, or look again after `ms` milliseconds. */
export type Outcome = { readonly kind: "done" } | { readonly kind: "requeueAfter"; readonly ms: number };

/** A failure that trying again cannot heal: it is logged, and the key rests until something changes. */
export class TerminalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TerminalError";
  }
}

export interface ReconcileContext {
  /** Adds controller, key and the id of this reconcile to every line. */
  readonly log: Logger;
  /** Aborted when the controller stops. */
  readonly signal: AbortSignal;
}

/**
 * Brings the world one step closer to what the object at `key` asks for. It is told the key only, never what happened: it looks at
 * what is true now. Throwing means: again, after a growing waiting time. Never runs twice at once for one key.
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<Outcome>;

/** An informer, and which keys are to be reconciled when one of its objects changes. */
export interface Source {
  readonly informer: Pick<Informer<KubeObject>, "synced">;
  connect(enqueue: (key: string) => void): Disposable;
}

/** `keysOf` is asked about the object as it was and as it is: when an object changes hands, both owners hear of it. */
export function source<T extends KubeObject>(
  informer: Pick<Informer<T>, "synced" | "onChange">,
  keysOf: (object: T) => Iterable<string>,
): Source {
  return {
    informer,
    connect: (enqueue) =>
      informer.onChange((current, previous) => {
        const keys = new Set<string>();
        for (const object of [previous, current]) for (const key of object ? keysOf(object) : []) keys.add(key);
        for (const key of keys) enqueue(key);
      }),
  };
}

/** The object's own key. */
export function ownKey(object: KubeObject): readonly string[] {
  return [keyOf(object)];
}

/** For `source`: the key of the owner of this kind that controls the object. `apiVersion` is compared by its group. */
export function controllerKey(owner: { readonly group: string; readonly kind: string }) {
  return ({ metadata }: KubeObject): readonly string[] => {
    const controller = metadata.ownerReferences?.find((reference) => reference.controller);
    if (controller?.kind !== owner.kind || groupOf(controller.apiVersion) !== owner.group) return [];
    const { namespace } = metadata;
    return [namespace ? `${namespace}/${controller.name}` : controller.name];
  };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

export interface ControllerOptions {
  /** For log and metrics: `deployment`, `replicaset`, … */
  readonly name: string;
  readonly sources: readonly Source[];
  readonly reconcile: Reconcile;
  /** How many keys are reconciled at once; default 4. */
  readonly workers?: number;
  readonly backoff?: Backoff;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
}

type Result = "done" | "requeueAfter" | "error" | "terminal";

/**
 * The shell of every controller: informers → keys → work queue → reconcile. It reconciles nothing before all informers have synced.
 * `start` it, then dispose it.
 */
export class Controller implements AsyncDisposable {
  readonly #options: ControllerOptions;
  readonly #log: Logger;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  readonly #connections: Disposable[] = [];
  readonly #results: Counter<"controller" | "result">;
  readonly #seconds: Histogram<"controller">;
  #running: Promise<unknown> | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log.child({ controller: options.name });
    this.#queue = new WorkQueue(options);
    const metrics = options.metrics ?? silentMetrics;
    this.#results = metrics.counter("sluice_reconcile_total", "Reconciles by outcome.", ["controller", "result"]);
    this.#seconds = metrics.histogram("sluice_reconcile_seconds", "How long reconciles take.", ["controller"]);
  }

  /** Begins to work; only the first call does. */
  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Asks for a reconcile of `key`; for events that come from elsewhere than the sources. */
  enqueue(key: string, afterMs = 0): void {
    this.#queue.addAfter(key, afterMs);
  }

  /** Takes no more keys, aborts the signal of reconciles that run, and waits for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const connection of this.#connections) connection[Symbol.dispose]();
    this.#queue.shutDown();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { sources, workers = 4 } = this.#options;
    if (this.#stop.signal.aborted) return;
    for (const each of sources) this.#connections.push(each.connect((key) => this.#queue.add(key)));
    const synced = Promise.all(sources.map(({ informer }) => informer.synced));
    // An informer that stops before it has synced stops what rests on it.
    if (!(await Promise.race([synced.then(() => true).catch(() => false), aborted(this.#stop.signal)]))) return;
    await Promise.all(Array.from({ length: workers }, () => this.#work()));
  }

  async #work(): Promise<void> {
    for (;;) {
      const key = await this.#queue.take();
      if (key === undefined || this.#stop.signal.aborted) return;
      await this.#reconcile(key);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<void> {
    const { name, clock, random, reconcile } = this.#options;
    const log = this.#log.child({ key, reconcile: randomSuffix(random, 8) });
    const begin = clock.monotonic();
    let result: Result;
    try {
      const outcome = await reconcile(key, { log, signal: this.#stop.signal });
      this.#queue.forget(key);
      if (outcome.kind === "requeueAfter") this.#queue.addAfter(key, outcome.ms);
      result = outcome.kind;
    } catch (error) {
      result = this.#fail(key, log, error as Error);
    }
    const milliseconds = clock.monotonic() - begin;
    log.debug("reconciled", { result, milliseconds });
    this.#results.add({ controller: name, result });
    this.#seconds.record({ controller: name }, milliseconds / 1000);
  }

  #fail(key: string, log: Logger, error: Error): "error" | "terminal" {
    if (this.#stop.signal.aborted) return "error";
    if (error instanceof TerminalError) {
      this.#queue.forget(key);
      log.error("reconcile failed for good", { error: error.message, stack: error.stack });
      return "terminal";
    }
    const retryAfter = this.#queue.retry(key);
    const fields = { error: error.message, failures: this.#queue.failures(key), retryAfter };
    // Somebody else was faster: the next look will see what he wrote or took away.
    if (isConflict(error) || isNotFound(error)) log.debug("reconcile met a conflict", fields);
    else log.error("reconcile failed", { ...fields, stack: error.stack });
    return "error";
  }
}

/** Resolves to false when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(false), { once: true }));
}
