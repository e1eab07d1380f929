import type { Pod, PodStatus } from "../../api/generated/core-v1.ts";
import { pods } from "../../api/generated/resources.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { type Backoff, backoffDelay } from "../../lib/backoff.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import { type JsonValue, jsonEqual } from "../../lib/json.ts";
import type { Random } from "../../lib/random.ts";
import type { Logger } from "../../observe/logger.ts";

const RETRY: Backoff = { base: 100, max: 10_000, jitter: 0.2 };

export interface PodStatusWriterOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Writes the newest status of one pod, one write after the other; what changes while a write is under way goes into the
 * next.
 */
export class PodStatusWriter {
  readonly #options: PodStatusWriterOptions;
  readonly #stop = new AbortController();
  #pod: Pod;
  #wanted: PodStatus | undefined;
  #written: PodStatus | undefined;
  /** Version of the pod after our last write: only newer ones can tell whether somebody changed our status. */
  #version = 0;
  #running: Promise<void> | undefined;

  constructor(pod: Pod, options: PodStatusWriterOptions) {
    this.#pod = pod;
    this.#options = options;
  }

  /** The pod is now `pod` and its status is to be `status`. */
  offer(pod: Pod, status: PodStatus): void {
    this.#pod = pod;
    this.#wanted = status;
    if (this.#isNeeded()) this.#running ??= this.#run();
  }

  /** Waits until the newest status is written, or cannot be any more. */
  async flush(): Promise<void> {
    await this.#running;
  }

  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }

  #isNeeded(): boolean {
    if (!this.#wanted) return false;
    if (this.#written && !same(this.#written, this.#wanted)) return true;
    const isNewer = Number(this.#pod.metadata.resourceVersion) >= this.#version;
    return isNewer && !same(ownPart(this.#pod.status, this.#wanted), this.#wanted);
  }

  /** Idle in the very moment in which there is nothing more to write: what is offered a moment later begins anew. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (let failures = 0; this.#isNeeded() && !signal.aborted; ) {
        const outcome = await this.#write().catch((error: Error) => error);
        if (outcome === "gone") return;
        failures = outcome === "written" ? 0 : failures + 1;
        if (outcome !== "written") await this.#pause(outcome, failures);
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #pause(error: Error, failures: number): Promise<void> {
    const { clock, random, log } = this.#options;
    log.debug("pod status was not written", { pod: this.#pod.metadata.name, error: error.message });
    await sleep(clock, backoffDelay(RETRY, failures, random), this.#stop.signal).catch(() => undefined);
  }

  /** `gone`: the pod is, or another one has its name. */
  async #write(): Promise<"written" | "gone"> {
    const { name, namespace, uid } = this.#pod.metadata;
    const status = this.#wanted;
    if (!status) return "gone";
    const body = { metadata: { uid }, status: patchOf(status) };
    try {
      const after = await this.#options.client.patch(
        pods,
        name,
        namespace,
        { type: "strategic", body },
        { subresource: "status" },
      );
      this.#written = status;
      this.#version = Number(after.metadata.resourceVersion);
      return "written";
    } catch (error) {
      if (isNotFound(error)) return "gone";
      if (isConflict(error)) {
        const now = await this.#options.client.get(pods, name, namespace).catch(() => undefined);
        if (now?.metadata.uid !== uid) return "gone";
      }
      throw error;
    }
  }
}

/** The fields that we write; conditions of others are not ours. */
function ownPart(status: PodStatus | undefined, wanted: PodStatus): PodStatus {
  const fields = status as Readonly<Record<string, unknown>> | undefined;
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, fields?.[key]])) as PodStatus;
}

/** Equal but for the order of conditions. */
function same(a: PodStatus, b: PodStatus): boolean {
  return jsonEqual(comparable(a), comparable(b));
}

function comparable(status: PodStatus): JsonValue {
  const conditions = (status.conditions ?? [])
    .map(
      ({ type, status: is, reason, message, observedGeneration, lastTransitionTime }) =>
        [type, is, reason ?? "", message ?? "", observedGeneration ?? 0, lastTransitionTime ?? ""] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.parse(JSON.stringify({ ...status, conditions })) as JsonValue;
}

/** A strategic merge leaves alone what it is not told of: reason and message that no longer hold must be taken away. */
function patchOf(status: PodStatus): object {
  const conditions = status.conditions?.map((condition) => ({ reason: null, message: null, ...condition }));
  return { ...status, conditions };
}
