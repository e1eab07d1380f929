import type { Event, ObjectReference } from "../api/generated/core-v1.ts";
import { events } from "../api/generated/resources.ts";
import type { Draft, KubeObject } from "../api/object.ts";
import { isAlreadyExists, isNotFound } from "../api/status-error.ts";
import type { Clock } from "../lib/clock.ts";
import { formatMicroTimestamp, formatTimestamp } from "../lib/timestamp.ts";
import type { Logger } from "../observe/logger.ts";
import type { ApiClient } from "./api-client.ts";
import { type Correlation, EventCorrelator, type WrittenEvent } from "./event-correlator.ts";

export interface EventRecorderOptions {
  /** Who tells: `deployment-controller`, `kubelet`, … */
  readonly component: string;
  /** The node that tells, for a node's own events. */
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What has happened to an object. */
export interface Happening {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Set by components that speak the newer events API (the scheduler): what was tried, `Binding`. */
  readonly action?: string;
}

/**
 * Records Events on objects. Nobody waits for them, and what cannot be written (the namespace goes) is only logged. The same event again
 * raises the count of the first one.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
export class EventRecorder implements AsyncDisposable {
  readonly #client: ApiClient;
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  #sequence = 0;
  #stopped = false;
  /** Writes under way, by what they are about: those of one event follow each other. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(client: ApiClient, options: EventRecorderOptions) {
    this.#client = client;
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
  }

  /** `fieldPath` names a part of the object: `spec.containers{main}`. */
  record(object: KubeObject, happening: Happening, fieldPath?: string): void {
    if (this.#stopped) return;
    const about = referenceTo(object, fieldPath);
    const correlation = this.#correlator.correlate(about, happening);
    if (!correlation) return;
    const { key } = correlation;
    const write = (this.#writes.get(key) ?? Promise.resolve())
      .then(() => this.#write(about, happening, correlation))
      .catch((error: unknown) => this.#tellLog(happening, error))
      .then(() => {
        if (this.#writes.get(key) === write) this.#writes.delete(key);
      });
    this.#writes.set(key, write);
  }

  /** Takes no more events and waits for those that are being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writes.values());
  }

  async #write(about: ObjectReference, happening: Happening, { key, message, combined }: Correlation): Promise<void> {
    const namespace = about.namespace || "default";
    const written = this.#correlator.written(key);
    if (written && (await this.#countAgain(written, namespace, { ...happening, message }))) {
      this.#correlator.remember(key, { name: written.name, count: written.count + 1 });
      return;
    }
    const { metadata } = await this.#create(about, namespace, { ...happening, message }, combined);
    this.#correlator.remember(key, { name: metadata.name, count: 1 });
  }

  /** False when the event is gone: events do not live long. */
  async #countAgain({ name, count }: WrittenEvent, namespace: string, happening: Happening): Promise<boolean> {
    try {
      const body = this.#again(happening, count + 1);
      await this.#client.patch(events, name, namespace, { type: "strategic", body });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #create(about: ObjectReference, namespace: string, happening: Happening, combined: boolean): Promise<Event> {
    for (;;) {
      const name = `${about.name}.${this.#nanoseconds().toString(16)}`;
      try {
        return await this.#client.create(events, this.#event({ name, namespace }, about, happening, combined));
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
  }

  /** As in client-go the time makes the name, here with a number for those of the same millisecond. */
  #nanoseconds(): bigint {
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    return BigInt(Math.floor(this.#options.clock.now())) * 1_000_000n + BigInt(this.#sequence);
  }

  #event(
    metadata: Draft<Event>["metadata"],
    about: ObjectReference,
    happening: Happening,
    combined: boolean,
  ): Draft<Event> {
    const { component, host, clock } = this.#options;
    const { type, reason, message, action } = happening;
    const common = { apiVersion: "v1", kind: "Event", metadata, involvedObject: about, type, reason, message } as const;
    if (action !== undefined)
      return {
        ...common,
        action,
        eventTime: formatMicroTimestamp(clock.now()),
        reportingComponent: component,
        reportingInstance: host === undefined ? component : `${component}-${host}`,
      };
    const now = formatTimestamp(clock.now());
    return {
      ...common,
      source: { component, ...(host !== undefined && { host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      // As in client-go, what is told together names only its source.
      reportingComponent: combined ? "" : component,
      reportingInstance: combined ? "" : (host ?? ""),
    };
  }

  #again({ action, message }: Happening, count: number): object {
    const now = this.#options.clock.now();
    if (action !== undefined) return { series: { count, lastObservedTime: formatMicroTimestamp(now) } };
    return { count, lastTimestamp: formatTimestamp(now), message };
  }

  #tellLog({ reason }: Happening, error: unknown): void {
    this.#options.log.debug("an event was not recorded", { reason, error: String(error) });
  }
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject, fieldPath: string | undefined): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
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
