import type { KubeObject } from "../api/object.ts";
import type { Cancel, Clock } from "../lib/clock.ts";
import { parseTimestamp } from "../lib/timestamp.ts";
import type { Logger } from "../observe/logger.ts";
import type { Store, StoreEvent } from "../store/store.ts";
import { withRevision } from "./registry/object-meta.ts";

const EVENTS = "/events";
/** Events are kept for an hour after they were last written, as in Kubernetes; milliseconds. */
const LIFE = 60 * 60 * 1000;

interface EventObject extends KubeObject {
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
}

/** Deletes Events when their time is over. */
export class EventExpiry implements Disposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** When each event ends, the next one first: every write moves its event to the end. */
  readonly #ends = new Map<string, number>();
  readonly #watch: Disposable;
  #cancel: Cancel | undefined;

  constructor(store: Store, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    const kept = store.list(EVENTS).map((event) => [keyOf(event), writtenAt(event) + LIFE] as const);
    for (const [key, end] of kept.toSorted((a, b) => a[1] - b[1])) this.#ends.set(key, end);
    this.#watch = store.watch(EVENTS, store.revision, (event) => this.#hear(event));
    this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#cancel?.();
  }

  #hear({ key, object }: StoreEvent): void {
    this.#ends.delete(key);
    if (object) this.#ends.set(key, this.#clock.now() + LIFE);
    if (!this.#cancel) this.#schedule();
  }

  /** One timer, for the event that ends first. */
  #schedule(): void {
    const [end] = this.#ends.values();
    if (end === undefined) return;
    this.#cancel = this.#clock.after(Math.max(0, end - this.#clock.now()), () => this.#expire());
  }

  #expire(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (const [key, end] of this.#ends) {
      if (end > now) break;
      this.#ends.delete(key);
      this.#remove(key);
    }
    this.#schedule();
  }

  #remove(key: string): void {
    const removal = this.#store.write(EVENTS, key, (current, revision) => {
      if (!current) throw new Error("it is gone already");
      return { kind: "remove", last: withRevision(current, revision) };
    });
    removal.catch((error: unknown) => {
      // Its time comes again if the disk refused; if somebody else was first, it is gone.
      if (!this.#store.get(EVENTS, key)) return;
      this.#log.debug("event not expired", { key, error });
      this.#ends.set(key, this.#clock.now() + LIFE);
    });
  }
}

function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/** The store does not say when an object was last written, but an event is about a time. */
function writtenAt(object: KubeObject): number {
  const { lastTimestamp, eventTime, series, metadata }: EventObject = object;
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime];
  return Math.max(...times.map((text) => parseTimestamp(text ?? undefined) ?? 0));
}
