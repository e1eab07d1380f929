import type { Deployment, ReplicaSet, ReplicaSetStatus } from "../../src/api/generated/apps-v1.ts";
import type { Pod } from "../../src/api/generated/core-v1.ts";
import type { KubeObject } from "../../src/api/object.ts";
import { jsonEqual, type JsonValue } from "../../src/lib/json.ts";
import { formatTimestamp } from "../../src/lib/timestamp.ts";
import type { DeploymentAction } from "../../src/plan/deployment/actions.ts";
import { type DeploymentOutcome, planDeployment } from "../../src/plan/deployment/deployment-plan.ts";
import { deploymentReference } from "../../src/plan/deployment/new-replica-set.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { isActive, isReady } from "../../src/plan/pods/readiness.ts";
import { planReplicaSet, type ReplicaSetAction } from "../../src/plan/replicaset/replica-set-plan.ts";
import { deployment, EPOCH, template } from "./fixtures/workloads.ts";

/** How long `settle` waits for pods to become available, in milliseconds. */
const PATIENCE = 3_600_000;

/** A cache that may lag behind the truth, as an informer's does. */
interface Lagging<T> {
  truth: ReadonlyMap<string, T>;
  seen: ReadonlyMap<string, T>;
}

/**
 * A Deployment, its sets and pods, and both controllers, which see the world with delay but wait for their own writes. Nothing happens
 * by itself: a test calls the steps in any order it likes. Images that begin with "bad" never become ready.
 */
export class RolloutWorld {
  now: number = EPOCH;
  #version = 1;
  #names = 0;
  /** Passes that have decided but not acted yet. */
  readonly #inFlight = new Map<string, () => void>();
  /** When a pod becomes available by mere waiting. */
  #wakeAt: number | undefined;
  readonly #deployments: Lagging<Deployment>;
  readonly #sets: Lagging<ReplicaSet> = { truth: new Map(), seen: new Map() };
  readonly #pods: Lagging<Pod> = { truth: new Map(), seen: new Map() };
  /** Messages of the events, in order. */
  readonly events: string[] = [];

  constructor(spec: Partial<Deployment["spec"]>) {
    const first = new Map([["shop", deployment({ spec })]]);
    this.#deployments = { truth: first, seen: first };
  }

  get deployment(): Deployment {
    return this.#deployments.truth.get("shop")!;
  }

  get sets(): readonly ReplicaSet[] {
    return [...this.#sets.truth.values()];
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.truth.values()];
  }

  get activePods(): readonly Pod[] {
    return this.pods.filter(isActive);
  }

  get readyPods(): readonly Pod[] {
    return this.activePods.filter(isReady);
  }

  /** The user changes the spec. */
  edit(spec: Partial<Deployment["spec"]>): void {
    const { metadata, spec: old } = this.deployment;
    const generation = (metadata.generation ?? 0) + 1;
    this.#put(this.#deployments, {
      ...this.deployment,
      metadata: { ...metadata, generation },
      spec: { ...old, ...spec },
    });
  }

  setImage(image: string): void {
    this.edit({ template: template(image) });
  }

  /** What the Deployment controller would do now. */
  plan(): Plan<DeploymentAction, DeploymentOutcome> {
    const seen = this.#deployments.seen.get("shop")!;
    return planDeployment(
      { deployment: seen, replicaSets: [...this.#sets.seen.values()], pods: [...this.#pods.seen.values()], nodes: [] },
      this.now,
    );
  }

  /** One pass of the Deployment controller. Returns whether it changed anything. */
  runDeployment(): boolean {
    this.beginDeployment();
    return this.finish("deployment");
  }

  /** One pass of the ReplicaSet controller over the set at `index` of those it has seen. */
  runReplicaSet(index: number): boolean {
    const name = this.beginReplicaSet(index);
    return name !== undefined && this.finish(name);
  }

  /** The Deployment controller looks and decides; `finish` lets it act. One pass at a time for one object. */
  beginDeployment(): void {
    const seen = this.#deployments.seen.get("shop")!;
    const plan = this.plan();
    if (plan.wakeAt !== undefined && plan.wakeAt <= this.now) throw new Error("wakes in the past, and so for ever");
    if (!this.#inFlight.has("deployment")) this.#inFlight.set("deployment", () => this.#applyDeployment(seen, plan));
  }

  /** Likewise for a set; returns the name under which it is to be finished. */
  beginReplicaSet(index: number): string | undefined {
    const seen = [...this.#sets.seen.values()];
    const set = seen[index % Math.max(1, seen.length)];
    if (!set) return undefined;
    const pods = [...this.#pods.seen.values()];
    const plan = planReplicaSet({ replicaSet: set, pods, related: pods }, this.now);
    this.#wakeAt ??= plan.wakeAt;
    const { name } = set.metadata;
    if (!this.#inFlight.has(name)) this.#inFlight.set(name, () => this.#applyReplicaSet(set, plan));
    return name;
  }

  /** The pass acts on what it decided, however old that is. */
  finish(name: string): boolean {
    const before = this.#version;
    const act = this.#inFlight.get(name);
    this.#inFlight.delete(name);
    act?.();
    return this.#version !== before;
  }

  finishAll(): void {
    for (const name of this.#inFlight.keys()) this.finish(name);
  }

  finishAt(index: number): void {
    const names = [...this.#inFlight.keys()];
    const name = names[index % Math.max(1, names.length)];
    if (name !== undefined) this.finish(name);
  }

  #applyDeployment(seen: Deployment, { actions, status }: Plan<DeploymentAction, DeploymentOutcome>): void {
    for (const action of actions) if (!this.#apply(action)) return;
    if (actions.length > 0) this.#sets.seen = this.#sets.truth;
    const written: Deployment = {
      ...seen,
      status: status.status,
      metadata: {
        ...seen.metadata,
        ...(status.revision !== undefined && {
          annotations: { ...seen.metadata.annotations, "deployment.kubernetes.io/revision": status.revision },
        }),
      },
    };
    if (!same(written, seen) && this.#isCurrent(this.#deployments, seen)) this.#put(this.#deployments, written);
  }

  #applyReplicaSet(set: ReplicaSet, plan: Plan<ReplicaSetAction, ReplicaSetStatus>): void {
    for (const action of plan.actions) {
      if (action.kind === "createPods") for (let i = 0; i < action.count; i++) this.#createPod(set);
      else if (action.kind === "deletePod") this.#deletePod(action.pod.name);
    }
    if (plan.actions.length > 0) this.#pods.seen = this.#pods.truth;
    const written = { ...set, status: plan.status };
    if (!same(written, set) && this.#isCurrent(this.#sets, set)) this.#put(this.#sets, written);
  }

  /** The pod at `index` of those that wait becomes ready, if its image is good. */
  becomeReady(index: number): boolean {
    const waiting = this.activePods.filter((pod) => !isReady(pod) && !pod.spec.containers[0]?.image?.startsWith("bad"));
    const pod = waiting[index % Math.max(1, waiting.length)];
    if (!pod) return false;
    const condition = { type: "Ready", status: "True", lastTransitionTime: formatTimestamp(this.now) };
    this.#put(this.#pods, { ...pod, status: { phase: "Running", conditions: [condition] } });
    return true;
  }

  /** The pod at `index` of those that are being deleted goes. */
  vanish(index: number): boolean {
    const leaving = this.pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined);
    const pod = leaving[index % Math.max(1, leaving.length)];
    if (!pod) return false;
    this.#remove(this.#pods, pod.metadata.name);
    return true;
  }

  /** The caches catch up with the truth. */
  catchUpAll(): void {
    this.#deployments.seen = this.#deployments.truth;
    this.#sets.seen = this.#sets.truth;
    this.#pods.seen = this.#pods.truth;
  }

  /** Lets everything run, and time pass, until nothing would change any more. */
  settle(): void {
    this.finishAll();
    for (let round = 1; round <= 1000; round++) {
      this.#wakeAt = undefined;
      this.catchUpAll();
      let changed = this.runDeployment();
      this.catchUpAll();
      for (let i = 0; i < this.sets.length; i++) changed = this.runReplicaSet(i) || changed;
      changed = this.becomeReady(0) || changed;
      changed = this.vanish(0) || changed;
      this.now += 100;
      if (changed) continue;
      // A shut gate asks for more patience than anybody has.
      if (this.#wakeAt === undefined || this.#wakeAt > this.now + PATIENCE) return;
      this.now = Math.max(this.now, this.#wakeAt);
    }
    throw new Error("does not settle");
  }

  #apply(action: DeploymentAction): boolean {
    if (action.kind === "event") {
      this.events.push(action.message);
      return true;
    }
    if (action.kind === "createReplicaSet") {
      const { name = "" } = action.object.metadata;
      if (this.#sets.truth.has(name)) return false;
      const metadata = { ...action.object.metadata, name, uid: `uid-${name}`, ...this.#birth() };
      this.#put(this.#sets, { ...action.object, status: { replicas: 0 }, metadata });
      return true;
    }
    // Nobody asks for a rollback by annotation in this world.
    if (action.kind === "updateDeployment") return false;
    const set = this.#sets.truth.get(action.replicaSet.name);
    if (set?.metadata.resourceVersion !== action.replicaSet.resourceVersion) return false;
    if (action.kind === "deleteReplicaSet") this.#remove(this.#sets, set.metadata.name);
    else if (action.kind === "updateReplicaSet") this.#update(set, action);
    else {
      const owners = action.kind === "adoptReplicaSet" ? [deploymentReference(this.deployment)] : [];
      this.#put(this.#sets, { ...set, metadata: { ...set.metadata, ownerReferences: owners } });
    }
    return true;
  }

  #update(set: ReplicaSet, action: DeploymentAction & { readonly kind: "updateReplicaSet" }): void {
    const { replicas, minReadySeconds, annotations } = action;
    const changesSpec = replicas !== undefined || minReadySeconds !== undefined;
    this.#put(this.#sets, {
      ...set,
      metadata: {
        ...set.metadata,
        generation: (set.metadata.generation ?? 0) + (changesSpec ? 1 : 0),
        ...(annotations && { annotations }),
      },
      spec: {
        ...set.spec,
        ...(replicas !== undefined && { replicas }),
        ...(minReadySeconds !== undefined && { minReadySeconds }),
      },
    });
  }

  #createPod(set: ReplicaSet): void {
    const name = `${set.metadata.name}-${++this.#names}`;
    const { metadata, spec = { containers: [] } } = set.spec.template ?? {};
    this.#put(this.#pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        uid: `uid-${name}`,
        ...this.#birth(),
        labels: metadata?.labels ?? {},
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: set.metadata.name,
            uid: set.metadata.uid,
            controller: true,
          },
        ],
      },
      spec: { ...spec, nodeName: "node-0" },
      status: { phase: "Pending" },
    });
  }

  #deletePod(name: string): void {
    const pod = this.#pods.truth.get(name);
    if (pod && isActive(pod))
      this.#put(this.#pods, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: formatTimestamp(this.now) } });
  }

  #birth() {
    return { namespace: "default", resourceVersion: "0", generation: 1, creationTimestamp: formatTimestamp(this.now) };
  }

  #isCurrent<T extends KubeObject>(cache: Lagging<T>, object: T): boolean {
    return cache.truth.get(object.metadata.name)?.metadata.resourceVersion === object.metadata.resourceVersion;
  }

  #put<T extends KubeObject>(cache: Lagging<T>, object: T): void {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    cache.truth = new Map(cache.truth).set(metadata.name, { ...object, metadata });
  }

  #remove<T extends KubeObject>(cache: Lagging<T>, name: string): void {
    this.#version++;
    const truth = new Map(cache.truth);
    truth.delete(name);
    cache.truth = truth;
  }
}

function same(a: unknown, b: unknown): boolean {
  return jsonEqual(a as JsonValue, b as JsonValue);
}
