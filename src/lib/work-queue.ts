import { type Backoff, backoffDelay } from "./backoff.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { Random } from "./random.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Waiting times of `retry`. */
  readonly backoff?: Backoff;
}

/** The first retry comes after client-go's 5 ms; its cap of 1000 s would leave a user of one machine waiting for nothing. */
const DEFAULT_BACKOFF: Backoff = { base: 5, max: 30_000, jitter: 0.1 };

interface Delayed {
  readonly at: number;
  readonly cancel: Cancel;
}

/**
 * The queue between events and reconciling, with the rules of client-go's workqueue: a key waits at most once; a key is never worked on
 * twice at once; a key that is added while it is worked on comes again when that work is done. First come, first served.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: Backoff;
  /** Keys that wait to be taken, in order. */
  readonly #ready = new Set<string>();
  readonly #processing = new Set<string>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
  }

  /** How many keys wait to be taken; those that are worked on or wait for their time are not among them. */
  get length(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#shutDown) return;
    if (this.#processing.has(key)) this.#again.add(key);
    else this.#offer(key);
  }

  /** Adds the key after `delay` milliseconds. Of several waiting times for one key the earliest counts. */
  addAfter(key: string, delay: number): void {
    if (this.#shutDown) return;
    if (delay <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.monotonic() + delay;
    const waiting = this.#delayed.get(key);
    if (waiting && waiting.at <= at) return;
    waiting?.cancel();
    const cancel = this.#clock.after(delay, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /** Adds the key after its next, longer waiting time. Returns that time in milliseconds. */
  retry(key: string): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    const delay = backoffDelay(this.#backoff, failures, this.#random);
    this.addAfter(key, delay);
    return delay;
  }

  /** The key has succeeded, or is given up: its next retry begins with the shortest waiting time. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often the key was retried since it was last forgotten. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, which belongs to the caller until `done(key)`; undefined when the queue has been shut down and is empty. */
  take(): Promise<string | undefined> {
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#processing.add(key);
      return Promise.resolve(key);
    }
    if (this.#shutDown) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#again.delete(key)) this.#offer(key);
    if (this.#shutDown) this.#reportDrained();
  }

  /** Takes no more keys. Those that are ready can still be taken; those that wait for their time are dropped. */
  shutDown(): void {
    this.#shutDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  /** Shuts down, and resolves when every key that was taken or ready is done. */
  drain(): Promise<void> {
    this.shutDown();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#reportDrained();
    });
  }

  #offer(key: string): void {
    if (this.#ready.has(key)) return;
    const taker = this.#takers.shift();
    if (taker) {
      this.#processing.add(key);
      taker(key);
    } else {
      this.#ready.add(key);
    }
  }

  #reportDrained(): void {
    if (this.#processing.size + this.#ready.size > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
