import type { KubeObject } from "../api/object.ts";
import type { StoreEvent } from "./store.ts";

interface Kept {
  readonly resource: string;
  readonly event: StoreEvent;
  readonly bytes: number;
}

/** The newest events in memory, so that a watcher that comes back after a short break costs no reading from disk. */
export class EventRing {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #events: Kept[] = [];
  /** Events before this index have been dropped; the array is cut when half of it is dropped. */
  #start = 0;
  #bytes = 0;
  #floor: number;

  /** `floor`: the revision after which the ring knows everything. `maxBytes` counts the JSON of the documents. */
  constructor(floor: number, maxEvents: number, maxBytes: number) {
    this.#floor = floor;
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Every event after this revision is here. */
  get floor(): number {
    return this.#floor;
  }

  push(resource: string, event: StoreEvent, bytes: number): void {
    this.#events.push({ resource, event, bytes });
    this.#bytes += bytes;
    while (this.#events.length - this.#start > this.#maxEvents || this.#bytes > this.#maxBytes) this.#drop();
    if (this.#start > 64 && this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The events of `resource` after revision `after`, which must not be below the floor. */
  after(resource: string, after: number): StoreEvent[] {
    const found: StoreEvent[] = [];
    for (let i = this.#events.length - 1; i >= this.#start; i--) {
      const kept = this.#events[i];
      if (!kept || kept.event.revision <= after) break;
      if (kept.resource === resource) found.push(kept.event);
    }
    return found.reverse();
  }

  /** The documents of `resource` under `prefix` that have changed since revision `at`, as they were then. */
  changedSince(resource: string, prefix: string, at: number): Map<string, KubeObject | undefined> {
    const before = new Map<string, KubeObject | undefined>();
    for (const event of this.after(resource, at)) {
      if (event.key.startsWith(prefix) && !before.has(event.key)) before.set(event.key, event.previous);
    }
    return before;
  }

  #drop(): void {
    const dropped = this.#events[this.#start];
    if (!dropped) return;
    this.#start += 1;
    this.#bytes -= dropped.bytes;
    this.#floor = dropped.event.revision;
  }
}
