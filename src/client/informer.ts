import { type KubeObject, keyOf } from "../api/object.ts";
import { qualifiedName, type Resource } from "../api/resource.ts";
import { isExpired, StatusError } from "../api/status-error.ts";
import { AppError } from "../lib/app-error.ts";
import { type Backoff, backoffDelay } from "../lib/backoff.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Logger } from "../observe/logger.ts";
import type { ApiClient, ListOptions, WatchEvent } from "./api-client.ts";
import { ObjectIndex } from "./object-index.ts";

export interface InformerOptions extends ListOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Waiting times between attempts to watch again. */
  readonly backoff?: Backoff;
}

/**
 * Hears that an object has changed: `current` is absent when it is gone, `previous` when it is new (when it is gone: its last known
 * state). Runs at once and must not throw; it says *that* something changed, what is true now is in the cache.
 */
export type ChangeHandler<T> = (current: T | undefined, previous: T | undefined) => void;

/** Short: the server is most likely on this machine, and back within a second. */
const DEFAULT_BACKOFF: Backoff = { base: 50, max: 2000, jitter: 0.2 };

interface Waiter {
  readonly version: number;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

interface Condition<T> {
  readonly key: string;
  readonly holds: (object: T | undefined) => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/**
 * A cache of one resource, kept up to date by a watch. After a break it goes on from the last version it has seen; when that has
 * expired it reads everything again and tells its handlers only what differs.
 */
export class Informer<T extends KubeObject> implements AsyncDisposable {
  readonly resource: Resource<T>;
  /** Resolves when the cache has held everything there is for the first time; rejects when disposed before. */
  readonly synced: Promise<void>;

  readonly #client: ApiClient;
  readonly #options: InformerOptions;
  readonly #log: Logger;
  readonly #objects = new Map<string, T>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #namespaces = new ObjectIndex<T>(({ metadata }) => [metadata.namespace ?? ""]);
  readonly #owners = new ObjectIndex<T>(({ metadata }) => metadata.ownerReferences?.map((owner) => owner.uid) ?? []);
  readonly #indices: ObjectIndex<T>[] = [this.#namespaces, this.#owners];
  readonly #waiters = new Set<Waiter>();
  readonly #conditions = new Set<Condition<T>>();
  readonly #stop = new AbortController();
  readonly #firstSync = Promise.withResolvers<void>();
  /** Everything up to here is in the cache; absent before the first listing is whole, and after the version has expired. */
  #version: string | undefined;
  #running: Promise<void> | undefined;

  constructor(client: ApiClient, resource: Resource<T>, options: InformerOptions) {
    this.resource = resource;
    this.#client = client;
    this.#options = options;
    this.#log = options.log.child({ resource: qualifiedName(resource) });
    this.synced = this.#firstSync.promise;
    this.synced.catch(() => undefined);
  }

  /** Begins to watch; only the first call does. */
  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Everything up to this resourceVersion is in the cache; undefined before the first listing is whole. */
  get version(): string | undefined {
    return this.#version;
  }

  /** The object `ns/name` (or `name`). */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  inNamespace(namespace: string): readonly T[] {
    return this.#namespaces.get(namespace);
  }

  /** The objects that have an owner reference to `uid`. */
  ownedBy(uid: string): readonly T[] {
    return this.#owners.get(uid);
  }

  /** An index of its own; `valuesOf` must be a pure function of the object. */
  index(valuesOf: (object: T) => readonly string[]): ObjectIndex<T> {
    const index = new ObjectIndex<T>(valuesOf);
    for (const [key, object] of this.#objects) index.replace(key, undefined, object);
    this.#indices.push(index);
    return index;
  }

  /** Calls `handler` for everything there is, now, and then for each change. */
  onChange(handler: ChangeHandler<T>): Disposable {
    this.#handlers.add(handler);
    for (const object of this.#objects.values()) this.#tell(handler, object, undefined);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  /**
   * Resolves when the cache holds everything up to `resourceVersion`: whoever has written waits for his own write before he looks
   * again. Rejects when the informer stops first. The version should be of an object that this informer selects; others are only
   * passed with the next event or bookmark.
   */
  reached(resourceVersion: string): Promise<void> {
    const version = Number(resourceVersion);
    if (this.#version !== undefined && Number(this.#version) >= version) return Promise.resolve();
    if (this.#stop.signal.aborted) return Promise.reject(stopped());
    return new Promise((resolve, reject) => this.#waiters.add({ version, resolve, reject }));
  }

  /**
   * Resolves when what is cached at `key` (undefined: nothing) fulfils `holds`: whoever has deleted an object, and so was told no version,
   * waits until he sees it. Rejects when the informer stops first.
   */
  until(key: string, holds: (object: T | undefined) => boolean): Promise<void> {
    if (holds(this.#objects.get(key))) return Promise.resolve();
    if (this.#stop.signal.aborted) return Promise.reject(stopped());
    return new Promise((resolve, reject) => this.#conditions.add({ key, holds, resolve, reject }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      this.#firstSync.reject(stopped());
      for (const waiting of [this.#waiters, this.#conditions]) {
        for (const { reject } of waiting) reject(stopped());
        waiting.clear();
      }
    }
    await this.#running;
    this.#handlers.clear();
  }

  async #run(): Promise<void> {
    const { clock, random, backoff = DEFAULT_BACKOFF } = this.#options;
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      let heard = 0;
      try {
        await this.#follow(() => (heard += 1));
      } catch (error) {
        if (signal.aborted) return;
        this.#explain(error as Error, heard > 0 || failures === 0);
      }
      // A stream that brought something ends a row of failures; the server ends each stream some time.
      failures = heard > 0 ? 1 : failures + 1;
      await sleep(clock, backoffDelay(backoff, failures, random), signal).catch(() => undefined);
    }
  }

  /** One watch, from beginning to end. */
  async #follow(onEvent: () => void): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const options = {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(this.#version !== undefined && { resourceVersion: this.#version }),
    };
    /** The keys of a first or new listing, until it is whole. */
    let listed = this.#version === undefined ? new Set<string>() : undefined;
    for await (const event of this.#client.watch(this.resource, options, this.#stop.signal)) {
      onEvent();
      if (event.type === "BOOKMARK") {
        if (listed && !event.initialEventsEnd) continue;
        if (listed) this.#finishListing(listed);
        listed = undefined;
        this.#advance(event.resourceVersion);
        this.#firstSync.resolve();
        continue;
      }
      const key = this.#apply(event);
      if (listed) listed.add(key);
      else this.#advance(event.object.metadata.resourceVersion);
    }
  }

  /** Returns the key of the object. */
  #apply(event: Exclude<WatchEvent<T>, { type: "BOOKMARK" }>): string {
    const key = keyOf(event.object);
    const previous = this.#objects.get(key);
    if (event.type === "DELETED") {
      if (previous) this.#replace(key, event.object, undefined);
      return key;
    }
    if (previous?.metadata.resourceVersion === event.object.metadata.resourceVersion) return key;
    if (previous && previous.metadata.uid !== event.object.metadata.uid) this.#replace(key, previous, undefined);
    this.#replace(key, this.#objects.get(key), event.object);
    return key;
  }

  /** What was in the cache before and is not in a whole new listing has gone meanwhile. */
  #finishListing(listed: ReadonlySet<string>): void {
    for (const [key, object] of this.#objects) if (!listed.has(key)) this.#replace(key, object, undefined);
  }

  #replace(key: string, previous: T | undefined, current: T | undefined): void {
    const cached = this.#objects.get(key);
    if (current) this.#objects.set(key, current);
    else this.#objects.delete(key);
    for (const index of this.#indices) index.replace(key, cached, current);
    for (const handler of this.#handlers) this.#tell(handler, current, previous);
    for (const condition of this.#conditions) {
      if (condition.key !== key || !condition.holds(current)) continue;
      this.#conditions.delete(condition);
      condition.resolve();
    }
  }

  #tell(handler: ChangeHandler<T>, current: T | undefined, previous: T | undefined): void {
    try {
      handler(current, previous);
    } catch (error) {
      this.#log.error("a change handler failed", { error });
    }
  }

  #advance(resourceVersion: string): void {
    this.#version = resourceVersion;
    const version = Number(resourceVersion);
    for (const waiter of this.#waiters) {
      if (waiter.version > version) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** `first` in a row of failures: the others are told to those who look for them. */
  #explain(error: Error, first: boolean): void {
    if (isExpired(error) || isTooLarge(error)) {
      this.#version = undefined;
      this.#log.info("the watched version is gone, reading everything again", { error: error.message });
    } else if (first) {
      this.#log.warn("the watch broke, trying again until it works", { error: error.message });
    } else {
      this.#log.debug("the watch still cannot be begun", { error: error.message });
    }
  }
}

/** The server knows nothing of this version: it has begun anew, with an older or an empty store. */
function isTooLarge(error: Error): boolean {
  return (
    error instanceof StatusError &&
    error.status.details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") === true
  );
}

function stopped(): AppError {
  return new AppError("stopped", "the informer was stopped");
}
