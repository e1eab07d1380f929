import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import { deployments, nodes, pods, replicasets } from "../../api/generated/resources.ts";
import { controllerOf, type Draft, keyOf } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import { Controller, controllerKey, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";
import type { DeploymentAction, SetRef } from "../../plan/deployment/actions.ts";
import {
  creationFailure,
  type DeploymentOutcome,
  type DeploymentView,
  planDeployment,
} from "../../plan/deployment/deployment-plan.ts";
import { deploymentReference } from "../../plan/deployment/new-replica-set.ts";
import { REVISION } from "../../plan/deployment/revision.ts";
import { isDeleting, isReady } from "../../plan/pods/readiness.ts";
import { type ControllerDeps, DONE, lookAgain, sameJson, recorderFor } from "../controller-deps.ts";
import { adopt, isNamespaceTerminating, release } from "../ownership.ts";

const owner = { group: "apps", kind: "Deployment" };

/** Rolls Deployments (src/plan/deployment). */
export class DeploymentController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #events: EventRecorder;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #controller: Controller;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    const { informers } = deps;
    this.#events = recorderFor(deps, "deployment-controller");
    this.#deployments = informers.of(deployments);
    this.#sets = informers.of(replicasets);
    this.#pods = informers.of(pods);
    this.#controller = new Controller({
      ...deps,
      name: "deployment",
      sources: [
        source(this.#deployments, ownKey),
        source(this.#sets, (set) => this.#keysOfSet(set)),
        source(this.#pods, (pod) => this.#keysOfPod(pod)),
        source(informers.of(nodes), () => []),
      ],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
  }

  /** Its Deployment; of an orphan those that may adopt it. */
  #keysOfSet(set: ReplicaSet): readonly string[] {
    if (controllerOf(set)) return controllerKey(owner)(set);
    const { namespace = "", labels } = set.metadata;
    return this.#deployments
      .inNamespace(namespace)
      .filter(({ spec }) => matchesLabels(labelSelectorOf(spec.selector), labels))
      .map(keyOf);
  }

  /** A ready pod says nothing that its set does not say; another one may tell why a rollout is stuck, or that it may go on. */
  #keysOfPod(pod: Pod): readonly string[] {
    const controller = controllerOf(pod);
    if (controller?.kind !== "ReplicaSet" || (isReady(pod) && !isDeleting(pod))) return [];
    const set = this.#sets.get(`${pod.metadata.namespace}/${controller.name}`);
    return set ? controllerKey(owner)(set) : [];
  }

  async #reconcile(key: string): Promise<Outcome> {
    const view = this.#gather(key);
    if (!view) return DONE;
    const { clock, log } = this.#deps;
    const plan = planDeployment(view, clock.now());
    if (plan.actions.length > 0) log.debug("planned", { deployment: key, actions: plan.actions });
    if (!(await this.#apply(view.deployment, plan.actions))) return DONE;
    await this.#writeStatus(view.deployment, plan.status);
    return lookAgain(plan.wakeAt, clock);
  }

  #gather(key: string): DeploymentView | undefined {
    const deployment = this.#deployments.get(key);
    if (!deployment) return undefined;
    const { namespace = "", uid } = deployment.metadata;
    return {
      deployment,
      replicaSets: this.#sets.inNamespace(namespace),
      pods: this.#sets.ownedBy(uid).flatMap((set) => this.#pods.ownedBy(set.metadata.uid)),
      nodes: this.#deps.informers.of(nodes).list(),
    };
  }

  /** False when nothing more can be done: the namespace is being deleted. */
  async #apply(deployment: Deployment, actions: readonly DeploymentAction[]): Promise<boolean> {
    let version: string | undefined;
    for (const action of actions) {
      if (action.kind === "event") this.#events.record(deployment, action);
      else if (action.kind === "createReplicaSet") {
        version = await this.#create(deployment, action.object);
        if (version === undefined) return false;
      } else if (action.kind === "updateDeployment") await this.#update(deployment, action);
      else version = (await this.#change(deployment, action)) ?? version;
    }
    // The next pass must see what this one has done.
    if (version !== undefined) await this.#sets.reached(version);
    return true;
  }

  async #update(
    deployment: Deployment,
    { annotations, template }: DeploymentAction & { readonly kind: "updateDeployment" },
  ): Promise<void> {
    const metadata = { ...deployment.metadata, annotations };
    const object = { ...deployment, metadata, spec: { ...deployment.spec, ...(template && { template }) } };
    const written = await this.#deps.client.update(deployments, object);
    await this.#deployments.reached(written.metadata.resourceVersion);
  }

  /** Returns the version written; undefined when the set is gone, or nothing is known. */
  async #change(
    deployment: Deployment,
    action: Exclude<DeploymentAction, { kind: "event" | "createReplicaSet" | "updateDeployment" }>,
  ): Promise<string | undefined> {
    const { client } = this.#deps;
    const { replicaSet } = action;
    switch (action.kind) {
      case "adoptReplicaSet": {
        const reference = deploymentReference(deployment);
        return adopt(client, { resource: deployments, object: deployment, reference }, replicasets, replicaSet);
      }
      case "releaseReplicaSet":
        return release(client, deployment.metadata.uid, replicasets, replicaSet);
      case "updateReplicaSet": {
        const { replicas, minReadySeconds, annotations } = action;
        const body = {
          metadata: { resourceVersion: replicaSet.resourceVersion, ...(annotations && { annotations }) },
          spec: {
            ...(replicas !== undefined && { replicas }),
            ...(minReadySeconds !== undefined && { minReadySeconds }),
          },
        };
        const { name, namespace } = replicaSet;
        const written = await client.patch(replicasets, name, namespace, { type: "merge", body });
        return written.metadata.resourceVersion;
      }
      case "deleteReplicaSet":
        await this.#delete(replicaSet);
        return undefined;
    }
  }

  async #delete({ name, namespace, uid, resourceVersion }: SetRef): Promise<void> {
    try {
      await this.#deps.client.delete(replicasets, name, namespace, { preconditions: { uid, resourceVersion } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    await this.#sets.until(`${namespace}/${name}`, (set) => set?.metadata.uid !== uid || isDeleting(set));
  }

  async #create(deployment: Deployment, object: Draft<ReplicaSet>): Promise<string | undefined> {
    try {
      const created = await this.#deps.client.create(replicasets, object);
      return created.metadata.resourceVersion;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      // Somebody was faster than the cache: the next look finds the set, or the collision.
      if (!isAlreadyExists(error)) await this.#tellFailure(deployment, object.metadata.name ?? "", error as Error);
      throw error;
    }
  }

  async #tellFailure(deployment: Deployment, name: string, error: Error): Promise<void> {
    const { status, message } = creationFailure(deployment, name, error.message, this.#deps.clock.now());
    this.#events.record(deployment, { type: "Warning", reason: "ReplicaSetCreateError", message });
    await this.#writeStatus(deployment, { status });
  }

  /** One write for the status and the annotation that names the revision: the status endpoint of Deployments takes both. */
  async #writeStatus(deployment: Deployment, { status, revision }: DeploymentOutcome): Promise<void> {
    if (revision === undefined && sameJson(status, deployment.status ?? {})) return;
    const annotations = { ...deployment.metadata.annotations, ...(revision !== undefined && { [REVISION]: revision }) };
    const object = { ...deployment, metadata: { ...deployment.metadata, annotations }, status };
    const written = await this.#deps.client.update(deployments, object, { subresource: "status" });
    await this.#deployments.reached(written.metadata.resourceVersion);
  }
}
