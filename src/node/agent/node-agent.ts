import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ConfigMap, PersistentVolumeClaim, Pod, PodStatus, Secret, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import type { Informer } from "../../client/informer.ts";
import type { Cancel } from "../../lib/clock.ts";
import { type References, referencesOf } from "../../plan/node/references.ts";
import type { PodFacts } from "../../plan/node/view.ts";
import type { Running } from "../runtime.ts";
import { adoptPod, examine, type Found, orphanPod } from "./adoption.ts";
import type { NodeContext } from "./node-context.ts";
import type { NodeRegistration } from "./node-registration.ts";
import { PodSetup } from "./pod-setup.ts";
import { PodWorker } from "./pod-worker.ts";

/** Milliseconds in which changes of Services are gathered before the hosts files are written. */
const NAMES_DELAY = 5;
/** Milliseconds for which an image that has lost its name is kept: a container may be about to start on it. */
const PRUNE_DELAY = 60_000;

/** Runs the pods that are bound to this node: a worker a pod. */
export class NodeAgent implements AsyncDisposable {
  readonly #context: NodeContext;
  readonly #registration: NodeRegistration;
  readonly #setup: PodSetup;
  readonly #workers = new Map<string, PodWorker>();
  readonly #subscriptions: Disposable[] = [];
  #cancelNames: Cancel | undefined;
  #cancelPrune: Cancel | undefined;
  #idle: (() => void) | undefined;
  #stopped = false;
  #shutdown = false;

  constructor(context: NodeContext, registration: NodeRegistration) {
    this.#context = context;
    this.#registration = registration;
    this.#setup = new PodSetup(context);
  }

  /** Registers the node, takes over what earlier control processes left running, and then follows the API. */
  async start(kubeletPort: number): Promise<void> {
    const { runtime, objects, images } = this.#context;
    const found = await examine(await runtime.adopt());
    await Promise.all([this.#registration.start(kubeletPort), objects.synced()]);
    await this.#adoptAll(Map.groupBy(found, ({ running }) => running.podUid));
    await this.#clearAway();
    await this.#registration.announce(this.#context.recorder);
    this.#subscribe();
    const stopWatching = images.watch(() => this.#imagesChanged());
    this.#subscriptions.push({ [Symbol.dispose]: stopWatching });
  }

  /** The worker of a pod, for whoever serves its logs. */
  find(namespace: string, name: string): { readonly pod: Pod; readonly status: PodStatus | undefined } | undefined {
    for (const worker of this.#workers.values()) {
      const { metadata } = worker.pod;
      if (metadata.namespace === namespace && metadata.name === name) return worker;
    }
    return undefined;
  }

  /** The pods of this node with the status that is or will be theirs. */
  pods(): readonly Pod[] {
    return [...this.#workers.values()].map(({ pod, status }) => (status ? { ...pod, status } : pod));
  }

  /** Resolves when the instance has ended: at once when it does not run. */
  async ended(pod: Pod, container: string, instance: number): Promise<void> {
    await this.#workers.get(pod.metadata.uid)?.containers.ended(container, instance);
  }

  /** Ends every container in good order; the pods stay in the API, and run again when an agent starts. */
  async shutDown(): Promise<void> {
    this.#shutdown = true;
    for (const worker of this.#workers.values()) worker.shutDown();
    // What is just being started is not known to run yet.
    await Promise.all([...this.#workers.values()].map((worker) => worker.settled()));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    this.#checkIdle();
    await promise;
    await Promise.all([...this.#workers.values()].map((worker) => worker.flush()));
  }

  /** Lets go of the pods, which go on running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelNames?.();
    this.#cancelPrune?.();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    await this.#registration[Symbol.asyncDispose]();
    await Promise.all([...this.#workers.values()].map((worker) => worker.dispose()));
    this.#context.logs.stop();
  }

  async #adoptAll(found: ReadonlyMap<string, readonly Found[]>): Promise<void> {
    const pods = this.#context.objects.pods.list();
    const known = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const pod of pods) await this.#adopt(pod, found.get(pod.metadata.uid) ?? []);
    for (const [uid, instances] of found) {
      if (known.has(uid)) continue;
      const worker = await this.#adopt(orphanPod(uid, instances), instances);
      worker.update(undefined);
    }
  }

  async #adopt(pod: Pod, found: readonly Found[]): Promise<PodWorker> {
    const { clock } = this.#context;
    const endOf = (running: Running, exit: NonNullable<Found["exit"]>) => this.#setup.endOf(running, exit);
    const podIP = this.#setup.knownAddressOf(pod);
    const { facts, running } = await adoptPod(pod, found, clock.now(), podIP, endOf);
    const worker = this.#add(pod, facts);
    for (const [one, verdicts] of running) worker.containers.adopt(one, verdicts);
    if (running.length > 0) worker.takeOver();
    worker.wake();
    return worker;
  }

  #add(pod: Pod, facts: PodFacts): PodWorker {
    const { uid } = pod.metadata;
    const worker = new PodWorker({
      context: this.#context,
      setup: this.#setup,
      pod,
      facts,
      onGone: () => this.#forget(uid),
      onEnded: () => this.#checkIdle(),
    });
    this.#workers.set(uid, worker);
    if (this.#shutdown) worker.shutDown();
    return worker;
  }

  #forget(uid: string): void {
    const worker = this.#workers.get(uid);
    this.#workers.delete(uid);
    void worker?.dispose();
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (![...this.#workers.values()].some((worker) => worker.isRunningAnything)) this.#idle?.();
  }

  #subscribe(): void {
    const { objects } = this.#context;
    this.#subscriptions.push(
      objects.pods.onChange((current, previous) => this.#podChanged(current, previous)),
      objects.services.onChange((current, previous) => {
        if (nameOf(current) !== nameOf(previous)) this.#namesChanged();
      }),
      objects.slices.onChange((current, previous) => {
        if (this.#isHeadless(current ?? previous)) this.#namesChanged();
      }),
      this.#follow(objects.configMaps, "configMaps"),
      this.#follow(objects.secrets, "secrets"),
      this.#follow(objects.claims, "claims"),
    );
  }

  #podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    const uid = (current ?? previous)?.metadata.uid;
    if (uid === undefined || this.#stopped) return;
    const worker = this.#workers.get(uid);
    if (worker) worker.update(current);
    else if (current) this.#add(current, newFacts(this.#context.clock.now())).wake();
  }

  /** Pods that refer to a changed object hear of it. */
  #follow<T extends ConfigMap | Secret | PersistentVolumeClaim>(
    informer: Informer<T>,
    kind: keyof References,
  ): Disposable {
    return informer.onChange((current, previous) => {
      const { name, namespace } = ((current ?? previous) as KubeObject).metadata;
      for (const worker of this.#workers.values()) {
        if (worker.pod.metadata.namespace === namespace && referencesOf(worker.pod)[kind].has(name)) worker.refresh();
      }
    });
  }

  /** Of a Service without an address of its own: its name means its pods. */
  #isHeadless(slice: EndpointSlice | undefined): boolean {
    const { namespace = "", labels } = slice?.metadata ?? {};
    const service = this.#context.objects.services.get(`${namespace}/${labels?.["kubernetes.io/service-name"] ?? ""}`);
    return service?.spec.clusterIP === "None";
  }

  #namesChanged(): void {
    if (this.#stopped || this.#cancelNames) return;
    this.#cancelNames = this.#context.clock.after(NAMES_DELAY, () => {
      this.#cancelNames = undefined;
      for (const worker of this.#workers.values()) {
        worker.writeNames().catch((error: Error) => this.#context.log.warn("hosts file was not written", { error }));
      }
    });
  }

  #imagesChanged(): void {
    this.#registration.refresh();
    for (const worker of this.#workers.values()) worker.happen({ kind: "retry", what: "image" });
    this.#cancelPrune?.();
    this.#cancelPrune = this.#context.clock.after(PRUNE_DELAY, () => {
      this.#pruneImages().catch((error: Error) => this.#context.log.warn("old images were not removed", { error }));
    });
  }

  /** Removes unpacked images that nobody names and nothing runs on. */
  async #pruneImages(): Promise<void> {
    const used = [...this.#workers.values()].flatMap((worker) => worker.containers.imageIds());
    await this.#context.images.prune(new Set(used));
  }

  /** Removes what pods left behind that nobody knows any more. */
  async #clearAway(): Promise<void> {
    const { config, runtime, addresses } = this.#context;
    for (const uid of list(join(config.home, "pods"))) {
      if (!this.#workers.has(uid) && /^[0-9a-f-]{36}$/.test(uid)) {
        await runtime.removePod(uid);
        addresses.release(uid);
      }
    }
    for (const name of list(join(config.home, "logs/pods"))) {
      const uid = name.slice(name.lastIndexOf("_") + 1);
      if (!this.#workers.has(uid)) rmSync(join(config.home, "logs/pods", name), { recursive: true, force: true });
    }
    await this.#pruneImages();
  }
}

/** What hosts files say of a Service, if anything. */
function nameOf(service: Service | undefined): string | undefined {
  return (
    service &&
    `${service.metadata.namespace}/${service.metadata.name} ${service.spec.clusterIP ?? ""} ${service.spec.type ?? ""}`
  );
}

/** Of a pod that has just been bound to this node. */
function newFacts(now: number): PodFacts {
  return { acceptedAt: now, surroundings: "none", containers: {} };
}

function list(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
