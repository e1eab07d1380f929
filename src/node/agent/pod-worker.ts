import type { Pod, PodCondition, PodStatus } from "../../api/generated/core-v1.ts";
import { pods } from "../../api/generated/resources.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import type { Cancel } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import type { PodAction } from "../../plan/node/actions.ts";
import { applyEvent, type PodEvent } from "../../plan/node/pod-events.ts";
import { planPod } from "../../plan/node/pod-plan.ts";
import { isRunning, type PodFacts, type PodView } from "../../plan/node/view.ts";
import { VolumeError } from "../../plan/node/volume-files.ts";
import { drained } from "./drainer.ts";
import type { NodeContext } from "./node-context.ts";
import { PodContainers } from "./pod-containers.ts";
import type { PodSetup } from "./pod-setup.ts";
import { PodStatusWriter } from "./pod-status-writer.ts";

export interface PodWorkerOptions {
  readonly context: NodeContext;
  readonly setup: PodSetup;
  readonly pod: Pod;
  readonly facts: PodFacts;
  /** Called when nothing of the pod is left. */
  readonly onGone: () => void;
  /** Called when a container has ended. */
  readonly onEnded: () => void;
}

/** Milliseconds before an action that failed unexpectedly is tried again. */
const RETRY = 2000;
/** A refused preparation is repeated less and less often, as the kubelet's volume manager does. */
const MAX_RETRY = 122_000;

/** Plans and acts for one pod, one action after the other: never two at once. */
export class PodWorker {
  readonly containers: PodContainers;
  readonly #options: PodWorkerOptions;
  readonly #log: Logger;
  readonly #status: PodStatusWriter;
  readonly #stop = new AbortController();
  #pod: Pod;
  #facts: PodFacts;
  #gone = false;
  #shutdown = false;
  /** What we said last: the base of what we say next, the API may be a moment behind. */
  #said: PodStatus | undefined;
  #dirty = false;
  #running: Promise<void> | undefined;
  #cancelWake: Cancel | undefined;
  #cancelRefresh: Cancel | undefined;
  #prepareFailures = 0;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#pod = options.pod;
    this.#facts = options.facts;
    const { context, setup } = options;
    this.#log = context.log.child({ pod: `${options.pod.metadata.namespace}/${options.pod.metadata.name}` });
    this.#status = new PodStatusWriter(options.pod, context);
    this.containers = new PodContainers({
      context,
      setup,
      pod: () => this.#pod,
      happen: (event) => this.happen(event),
    });
  }

  get pod(): Pod {
    return this.#pod;
  }

  get facts(): PodFacts {
    return this.#facts;
  }

  /** The status that is, or will soon be, in the API. */
  get status(): PodStatus | undefined {
    return this.#said ?? this.#pod.status;
  }

  get isRunningAnything(): boolean {
    return Object.values(this.#facts.containers).some(({ current }) => isRunning(current));
  }

  /** The pod has changed in the API; undefined: it is gone from there. */
  update(pod: Pod | undefined): void {
    if (pod) this.#pod = pod;
    else this.#gone = true;
    this.wake();
  }

  happen(event: PodEvent): void {
    this.#facts = applyEvent(this.#facts, event);
    if (event.kind === "ended") this.#options.onEnded();
    this.wake();
  }

  /** The node goes down: end what runs, start nothing. */
  shutDown(): void {
    this.#shutdown = true;
    this.wake();
  }

  /** Something that the pod refers to has changed. */
  refresh(): void {
    this.happen({ kind: "retry", what: "config" });
    if (this.#facts.surroundings === "ready") void this.#refreshVolumes();
    else this.happen({ kind: "retry", what: "surroundings" });
  }

  /** The pod runs already: what an earlier control process made for it is brought up to date. */
  takeOver(): void {
    void this.#refreshVolumes();
    this.writeNames().catch((error: Error) => this.#log.warn("hosts file was not written", { error }));
  }

  /** Services have changed: the pod's names do too. */
  async writeNames(): Promise<void> {
    if (this.#facts.surroundings === "ready") await this.#options.setup.writeNames(this.#pod);
  }

  /** Waits until nothing is being done. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Waits until what is to be said of the pod is in the API. */
  async flush(): Promise<void> {
    await this.settled();
    await this.#status.flush();
  }

  wake(): void {
    this.#dirty = true;
    if (this.#stop.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#dirty) this.wake();
    });
  }

  /** Waits for what is being done; containers go on running. */
  async dispose(): Promise<void> {
    this.#stop.abort(new Error("the node agent stops"));
    this.#cancelWake?.();
    this.#cancelRefresh?.();
    this.containers.dispose();
    this.#status.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Several things may happen in one turn: look once, when they have.
    await Promise.resolve();
    while (this.#dirty && !this.#stop.signal.aborted) {
      this.#dirty = false;
      this.#cancelWake?.();
      const now = this.#options.context.clock.now();
      const { actions, status, wakeAt } = planPod(this.#view(), now);
      this.#say(status);
      if (actions.length === 0) {
        if (wakeAt !== undefined) this.#wakeAfter(wakeAt - now);
        continue;
      }
      if (!(await this.#performAll(actions))) return;
    }
  }

  /** False when it is not to be looked again at once: an action failed unexpectedly, the pod is gone, or the agent stops. */
  async #performAll(actions: readonly PodAction[]): Promise<boolean> {
    for (const action of actions) {
      this.#log.debug("pod action", { ...action });
      try {
        await this.#perform(action);
      } catch (error) {
        this.#log.error("pod action failed", { action: action.kind, error });
        this.#dirty = false;
        this.#wakeAfter(RETRY);
        return false;
      }
      if (this.#stop.signal.aborted || action.kind === "delete") return false;
    }
    this.#dirty = true;
    return true;
  }

  #wakeAfter(delay: number): void {
    this.#cancelWake?.();
    this.#cancelWake = this.#options.context.clock.after(delay, () => this.wake());
  }

  #view(): PodView {
    const { hostIP } = this.#options.context.config;
    const status = this.#said
      ? withForeignConditions(this.#said, this.#pod.status?.conditions ?? [])
      : this.#pod.status;
    const pod = status ? { ...this.#pod, status } : this.#pod;
    return { pod, gone: this.#gone, shutdown: this.#shutdown, hostIP, facts: this.#facts };
  }

  #say(status: PodStatus): void {
    this.#said = status;
    if (!this.#gone) this.#status.offer(this.#pod, status);
  }

  async #perform(action: PodAction): Promise<void> {
    switch (action.kind) {
      case "prepare":
        return this.#prepare();
      case "start":
        return this.containers.start(action);
      case "announceBackoff":
        return this.containers.announceBackoff(action);
      case "announceImageBackoff":
        return this.containers.announceImageBackoff(
          action,
          this.#facts.containers[action.container]?.problem?.message ?? "",
        );
      case "drain":
        return this.#drain();
      case "beginStop":
        return this.containers.beginStop(action);
      case "preStop":
        return this.containers.preStop(action);
      case "signal":
        return this.containers.signal(action);
      case "kill":
        return this.containers.kill(action);
      case "release":
        return this.#release();
      case "delete":
        return this.#delete();
    }
  }

  async #prepare(): Promise<void> {
    const { context, setup } = this.#options;
    const { clock, recorder } = context;
    try {
      const refreshAt = await setup.prepare(this.#pod);
      this.#prepareFailures = 0;
      this.happen({ kind: "prepared", podIP: setup.placeOf(this.#pod).podIP });
      this.#refreshAt(refreshAt);
    } catch (error) {
      const { message } = error as Error;
      const retryAt = clock.now() + Math.min(500 * 2 ** this.#prepareFailures++, MAX_RETRY);
      const reason = error instanceof VolumeError ? "FailedMount" : "FailedCreatePodSandBox";
      recorder.record(this.#pod, { type: "Warning", reason, message });
      this.happen({ kind: "prepareFailed", message, retryAt });
    }
  }

  async #refreshVolumes(): Promise<void> {
    try {
      this.#refreshAt(await this.#options.setup.refreshVolumes(this.#pod));
    } catch (error) {
      // What was there stays: the kubelet keeps the old content too.
      this.#log.info("volumes were not brought up to date", { error: (error as Error).message });
      this.#refreshAt(this.#options.context.clock.now() + MAX_RETRY);
    }
  }

  #refreshAt(time: number | undefined): void {
    this.#cancelRefresh?.();
    if (time === undefined || this.#stop.signal.aborted) return;
    const { clock } = this.#options.context;
    this.#cancelRefresh = clock.after(Math.max(0, time - clock.now()), () => void this.#refreshVolumes());
  }

  #drain(): void {
    const { context } = this.#options;
    const podIP = this.#facts.podIP;
    this.happen({ kind: "drain", state: podIP === undefined ? "done" : "running" });
    if (podIP === undefined) return;
    const done = (): void => this.happen({ kind: "drain", state: "done" });
    void drained(this.#pod, podIP, context, this.#stop.signal).then(done, done);
  }

  async #release(): Promise<void> {
    this.#cancelRefresh?.();
    await this.#options.setup.release(this.#pod.metadata.uid);
    this.happen({ kind: "released" });
  }

  /** The last status is in the API before the pod goes from there: whoever watches learns how it ended. */
  async #delete(): Promise<void> {
    const { context, setup, onGone } = this.#options;
    const { name, namespace, uid } = this.#pod.metadata;
    if (!this.#gone) {
      await this.#status.flush();
      try {
        await context.client.delete(pods, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
    await setup.release(uid);
    setup.removeLogs(this.#pod);
    await Promise.resolve(onGone());
  }
}

/** Our own word, and what others have said meanwhile. */
function withForeignConditions(said: PodStatus, current: readonly PodCondition[]): PodStatus {
  const ours = new Set(OWN_CONDITIONS);
  const own = (said.conditions ?? []).filter(({ type }) => ours.has(type));
  const foreign = current.filter(({ type }) => !ours.has(type));
  return { ...said, conditions: [...foreign, ...own] };
}

const OWN_CONDITIONS: readonly string[] = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
];
