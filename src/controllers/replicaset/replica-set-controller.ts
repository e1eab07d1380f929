import type { ReplicaSet, ReplicaSetStatus } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import { pods, replicasets } from "../../api/generated/resources.ts";
import { controllerOf, type Draft, keyOf } from "../../api/object.ts";
import { isNotFound } from "../../api/status-error.ts";
import { Controller, controllerKey, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import type { ObjectIndex } from "../../client/object-index.ts";
import { labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";
import { isDeleting } from "../../plan/pods/readiness.ts";
import {
  failedStatus,
  type PodRef,
  planReplicaSet,
  type ReplicaSetAction,
  type ReplicaSetView,
  replicaSetReference,
} from "../../plan/replicaset/replica-set-plan.ts";
import { type ControllerDeps, DONE, lookAgain, sameJson, recorderFor } from "../controller-deps.ts";
import { adopt, isNamespaceTerminating, release } from "../ownership.ts";
import { slowStart } from "./slow-start.ts";

const owner = { group: "apps", kind: "ReplicaSet" };

interface Failure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly error: Error;
}

/** Keeps ReplicaSets at their size (src/plan/replicaset). */
export class ReplicaSetController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #events: EventRecorder;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  /** Pods that nobody controls, by namespace. */
  readonly #orphans: ObjectIndex<Pod>;
  readonly #controller: Controller;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#events = recorderFor(deps, "replicaset-controller");
    this.#sets = deps.informers.of(replicasets);
    this.#pods = deps.informers.of(pods);
    this.#orphans = this.#pods.index((pod) => (controllerOf(pod) ? [] : [pod.metadata.namespace ?? ""]));
    this.#controller = new Controller({
      ...deps,
      name: "replicaset",
      sources: [source(this.#sets, ownKey), source(this.#pods, (pod) => this.#keysOfPod(pod))],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
  }

  /** Its set; of an orphan those that may adopt it. */
  #keysOfPod(pod: Pod): readonly string[] {
    if (controllerOf(pod)) return controllerKey(owner)(pod);
    const { namespace = "", labels } = pod.metadata;
    return this.#sets
      .inNamespace(namespace)
      .filter(({ spec }) => matchesLabels(labelSelectorOf(spec.selector), labels))
      .map(keyOf);
  }

  async #reconcile(key: string): Promise<Outcome> {
    const replicaSet = this.#sets.get(key);
    if (!replicaSet) return DONE;
    const { clock, log } = this.#deps;
    const plan = planReplicaSet(this.#gather(replicaSet), clock.now());
    if (plan.actions.length > 0) log.debug("planned", { replicaSet: key, actions: plan.actions });
    const failure = await this.#apply(replicaSet, plan.actions);
    if (failure) {
      const { reason, error } = failure;
      await this.#writeStatus(replicaSet, failedStatus(replicaSet, plan.status, reason, error.message, clock.now()));
      throw error;
    }
    // New pods are not in this status; they bring the next look, which counts them. That some were lost is told all the same: it is
    // by the way back up that a Deployment sees its rollout go on.
    const lost = plan.status.replicas < (replicaSet.status?.replicas ?? 0);
    if (!lost && plan.actions.some(({ kind }) => kind === "createPods")) return DONE;
    await this.#writeStatus(replicaSet, plan.status);
    return lookAgain(plan.wakeAt, clock);
  }

  #gather(replicaSet: ReplicaSet): ReplicaSetView {
    const { namespace = "", uid } = replicaSet.metadata;
    const controller = controllerOf(replicaSet);
    const siblings = controller ? this.#sets.ownedBy(controller.uid) : [];
    return {
      replicaSet,
      pods: [...this.#pods.ownedBy(uid), ...this.#orphans.get(namespace)],
      related: siblings.flatMap((set) => this.#pods.ownedBy(set.metadata.uid)),
    };
  }

  async #apply(replicaSet: ReplicaSet, actions: readonly ReplicaSetAction[]): Promise<Failure | undefined> {
    const { client } = this.#deps;
    const owner = { resource: replicasets, object: replicaSet, reference: replicaSetReference(replicaSet) };
    const deletions: PodRef[] = [];
    let failure: Failure | undefined;
    let version: string | undefined;
    for (const action of actions) {
      if (action.kind === "adoptPod") version = (await adopt(client, owner, pods, action.pod)) ?? version;
      else if (action.kind === "releasePod")
        version = (await release(client, replicaSet.metadata.uid, pods, action.pod)) ?? version;
      else if (action.kind === "deletePod") deletions.push(action.pod);
      else failure = await this.#create(replicaSet, action.object, action.count);
    }
    if (version !== undefined) await this.#pods.reached(version);
    return failure ?? (await this.#delete(replicaSet, deletions));
  }

  async #create(replicaSet: ReplicaSet, object: Draft<Pod>, count: number): Promise<Failure | undefined> {
    const { client } = this.#deps;
    const { done, error } = await slowStart(count, async () => {
      const pod = await client.create(pods, object);
      const message = `Created pod: ${pod.metadata.name}`;
      this.#events.record(replicaSet, { type: "Normal", reason: "SuccessfulCreate", message });
      return pod;
    });
    // The next pass must count what this one has made.
    await Promise.all(done.map((pod) => this.#pods.reached(pod.metadata.resourceVersion)));
    if (error === undefined || isNamespaceTerminating(error)) return undefined;
    const message = `Error creating: ${error.message}`;
    this.#events.record(replicaSet, { type: "Warning", reason: "FailedCreate", message });
    return { reason: "FailedCreate", error };
  }

  async #delete(replicaSet: ReplicaSet, refs: readonly PodRef[]): Promise<Failure | undefined> {
    const results = await Promise.allSettled(refs.map((pod) => this.#deletePod(replicaSet, pod)));
    const failed = results.find((result) => result.status === "rejected");
    return failed && { reason: "FailedDelete", error: failed.reason as Error };
  }

  async #deletePod(replicaSet: ReplicaSet, { namespace, name, uid }: PodRef): Promise<void> {
    try {
      await this.#deps.client.delete(pods, name, namespace, { preconditions: { uid } });
      this.#events.record(replicaSet, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${name}` });
    } catch (error) {
      if (!isNotFound(error)) {
        const message = `Error deleting: ${(error as Error).message}`;
        this.#events.record(replicaSet, { type: "Warning", reason: "FailedDelete", message });
        throw error;
      }
    }
    await this.#pods.until(`${namespace}/${name}`, (pod) => pod?.metadata.uid !== uid || isDeleting(pod));
  }

  async #writeStatus(replicaSet: ReplicaSet, status: ReplicaSetStatus): Promise<void> {
    if (sameJson(status, replicaSet.status ?? {})) return;
    const written = await this.#deps.client.update(replicasets, { ...replicaSet, status }, { subresource: "status" });
    await this.#sets.reached(written.metadata.resourceVersion);
  }
}
