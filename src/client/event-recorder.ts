import type { Event, ObjectReference } from "../api/generated/core-v1.ts";
import { events } from "../api/generated/resources.ts";
import type { Draft, KubeObject } from "../api/object.ts";
import { isNotFound } from "../api/status-error.ts";
import type { Clock } from "../lib/clock.ts";
import { formatTimestamp } from "../lib/timestamp.ts";
import type { Logger } from "../observe/logger.ts";
import type { ApiClient } from "./api-client.ts";

export interface EventRecorderOptions {
  /** Who reports: `kubelet`, `deployment-controller`, … */
  readonly component: string;
  /** On which machine; only the kubelet says so. */
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What happened, in Kubernetes' words. */
export interface Happening {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Of one object at most so many events at once, and then one in five minutes, as in client-go. */
const BURST = 25;
const REFILL = 300_000;
/** So many events that differ only in their message are kept apart; later ones are counted together. */
const MAX_SIMILAR = 10;
const SIMILAR_WINDOW = 600_000;
const MAX_KNOWN = 4096;

interface KnownEvent {
  readonly name: string;
  readonly namespace: string;
  readonly first: string;
  count: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Writes Events about objects. Says nothing back: what cannot be written is lost, and nobody waits for it. The same event again only
 * raises the count of the first; floods are held back.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #client: ApiClient;
  readonly #options: EventRecorderOptions;
  readonly #known = new Map<string, KnownEvent>();
  readonly #similar = new Map<string, { readonly messages: Set<string>; since: number }>();
  readonly #buckets = new Map<string, Bucket>();
  #sequence = 0;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(client: ApiClient, options: EventRecorderOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** `fieldPath` names a part of the object: `spec.containers{main}`. */
  record(about: KubeObject, { type, reason, message }: Happening, fieldPath?: string): void {
    if (this.#stopped) return;
    const involvedObject = referenceTo(about, fieldPath);
    const now = this.#options.clock.now();
    if (!this.#isAllowed(involvedObject, now)) return;
    const text = this.#combine(involvedObject, type, reason, message, now);
    this.#writing = this.#writing.then(() => this.#write(involvedObject, { type, reason, message: text }, now));
  }

  /** Waits for what was recorded so far. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  async #write(involvedObject: ObjectReference, happening: Happening, now: number): Promise<void> {
    const key = JSON.stringify([identityOf(involvedObject), happening]);
    const time = formatTimestamp(now);
    try {
      const known = this.#known.get(key);
      if (known && (await this.#countAgain(known, time))) return;
      const event = this.#compose(involvedObject, happening, time);
      const { metadata } = await this.#client.create(events, event);
      remember(this.#known, key, { name: metadata.name, namespace: metadata.namespace ?? "", first: time, count: 1 });
    } catch (error) {
      this.#options.log.debug("event was not written", { reason: happening.reason, error: (error as Error).message });
    }
  }

  /** False when the event is gone: events do not live long. */
  async #countAgain(known: KnownEvent, time: string): Promise<boolean> {
    const body = { count: known.count + 1, lastTimestamp: time };
    try {
      await this.#client.patch(events, known.name, known.namespace, { type: "merge", body });
      known.count += 1;
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  #compose(involvedObject: ObjectReference, happening: Happening, time: string): Draft<Event> {
    const { component, host } = this.#options;
    const namespace = involvedObject.namespace || "default";
    this.#sequence += 1;
    // As in client-go the time makes the name, here with a number for those of the same millisecond.
    const unique = (
      BigInt(Math.floor(this.#options.clock.now())) * 1_000_000n +
      BigInt(this.#sequence % 1_000_000)
    ).toString(16);
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${involvedObject.name ?? ""}.${unique}`, namespace },
      involvedObject,
      ...happening,
      source: { component, ...(host !== undefined && { host }) },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
  }

  #isAllowed({ kind = "", namespace = "", name = "", uid = "" }: ObjectReference, now: number): boolean {
    const key = `${kind}/${namespace}/${name}/${uid}`;
    const bucket = this.#buckets.get(key) ?? { tokens: BURST, at: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL);
    bucket.at = now;
    remember(this.#buckets, key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #combine(involved: ObjectReference, type: string, reason: string, message: string, now: number): string {
    const key = JSON.stringify([identityOf(involved), type, reason]);
    const known = this.#similar.get(key);
    const similar = known && now - known.since < SIMILAR_WINDOW ? known : { messages: new Set<string>(), since: now };
    similar.messages.add(message);
    remember(this.#similar, key, similar);
    return similar.messages.size > MAX_SIMILAR ? `(combined from similar events): ${message}` : message;
  }
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject, fieldPath: string | undefined): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    kind,
    ...(namespace && { namespace }),
    name,
    uid,
    apiVersion,
    resourceVersion,
    ...(fieldPath && { fieldPath }),
  };
}

/** The object, whatever its version. */
function identityOf({ kind, namespace, name, uid, fieldPath }: ObjectReference): readonly (string | undefined)[] {
  return [kind, namespace, name, uid, fieldPath];
}

/** Keeps the newest `MAX_KNOWN` entries. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KNOWN && oldest !== undefined) map.delete(oldest);
}
