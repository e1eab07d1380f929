import type { ObjectReference } from "../api/generated/core-v1.ts";
import type { Clock } from "../lib/clock.ts";

/** The rules of client-go's event correlator, so that a failure in a loop does not bury everything else. */

/** Different messages of one kind within ten minutes after which they are told together. */
const MAX_SIMILAR = 9;
const SIMILAR_WITHIN = 600_000;
/** An object may have this many events at once, and one more every five minutes. */
const BURST = 25;
const REFILL = 300_000;
/** How many events and objects are remembered. */
const MEMORY = 4096;

export interface Correlation {
  /** Names the event among those that count as the same. */
  readonly key: string;
  readonly message: string;
  /** One of many similar ones, told together. */
  readonly combined: boolean;
}

/** An event that was written: its name and how often it has happened. */
export interface WrittenEvent {
  readonly name: string;
  readonly count: number;
}

interface Similar {
  readonly messages: Set<string>;
  since: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

interface Occurrence {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Map<string, WrittenEvent>();
  readonly #similar = new Map<string, Similar>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is to be written; undefined: nothing, the object has had too many events. */
  correlate(about: ObjectReference, { type, reason, message }: Occurrence): Correlation | undefined {
    const object = [about.kind, about.namespace, about.name, about.uid, about.apiVersion, about.fieldPath].join("|");
    const group = [object, type, reason].join("|");
    const combined = this.#isOneOfMany(group, message);
    const told = combined ? `(combined from similar events): ${message}` : message;
    const key = combined ? group : `${group}|${message}`;
    return this.#allows(object) ? { key, message: told, combined } : undefined;
  }

  /** The event of this key as it was written last; undefined: not yet. */
  written(key: string): WrittenEvent | undefined {
    return this.#written.get(key);
  }

  remember(key: string, event: WrittenEvent): void {
    touch(this.#written, key, event);
  }

  #isOneOfMany(group: string, message: string): boolean {
    const now = this.#clock.now();
    const known = this.#similar.get(group);
    const similar = known && now - known.since <= SIMILAR_WITHIN ? known : { messages: new Set<string>(), since: now };
    if (similar.messages.size < MAX_SIMILAR) similar.messages.add(message);
    else if (!similar.messages.has(message)) {
      similar.since = now;
      touch(this.#similar, group, similar);
      return true;
    }
    similar.since = now;
    touch(this.#similar, group, similar);
    return false;
  }

  #allows(object: string): boolean {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(object) ?? { tokens: BURST, at: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL);
    bucket.at = now;
    touch(this.#buckets, object, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Sets the entry as the most recent one and forgets the oldest beyond `MEMORY`. */
function touch<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MEMORY) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
