import type { Node, PersistentVolumeClaim, Pod, PodCondition } from "../../api/generated/core-v1.ts";
import { namespaces, nodes, persistentvolumeclaims, pods } from "../../api/generated/resources.ts";
import { keyOf } from "../../api/object.ts";
import { isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, type Source, source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import type { ObjectIndex } from "../../client/object-index.ts";
import { hasEnded, isDeleting } from "../../plan/pods/readiness.ts";
import { planSchedule, type ScheduleView } from "../../plan/scheduler/schedule-plan.ts";
import { type ControllerDeps, DONE, recorderFor } from "../controller-deps.ts";

const NAME = "default-scheduler";

const PENDING = "pending";
const PLACED = "placed";

/** Places pods on nodes (src/plan/scheduler). */
export class Scheduler implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #events: EventRecorder;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  /** Our pods that wait for a node, and all pods that use one. */
  readonly #byState: ObjectIndex<Pod>;
  /** Pods whose binding is being written, as they will be: they use their node already. */
  readonly #assumed = new Map<string, Pod>();
  readonly #controller: Controller;

  constructor(deps: ControllerDeps & { readonly host: string }) {
    this.#deps = deps;
    const { informers } = deps;
    this.#events = recorderFor(deps, NAME, deps.host);
    this.#pods = informers.of(pods);
    this.#nodes = informers.of(nodes);
    this.#claims = informers.of(persistentvolumeclaims);
    this.#byState = this.#pods.index((pod) => (isPending(pod) ? [PENDING] : isPlaced(pod) ? [PLACED] : []));
    this.#controller = new Controller({
      ...deps,
      name: "scheduler",
      sources: [
        source(this.#pods, (pod) => (isPending(pod) ? [keyOf(pod)] : [])),
        this.#retrying(
          this.#pods,
          (pod, before) => before !== undefined && isPlaced(before) && !(pod && isPlaced(pod)),
        ),
        this.#retrying(this.#nodes, (node, before) => hasChangedForPods(node, before)),
        source(this.#claims, (claim) => this.#waitingIn(claim.metadata.namespace)),
        source(informers.of(namespaces), () => []),
      ],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
  }

  /** Changes after which a pod that found no node may find one. */
  #retrying<T extends Pod | Node>(
    informer: Informer<T>,
    matters: (current: T | undefined, previous: T | undefined) => boolean,
  ): Source {
    return {
      informer,
      connect: (enqueue) =>
        informer.onChange((current, previous) => {
          if (matters(current, previous)) for (const pod of this.#byState.get(PENDING)) enqueue(keyOf(pod));
        }),
    };
  }

  #waitingIn(namespace: string | undefined): readonly string[] {
    return this.#byState
      .get(PENDING)
      .filter((pod) => pod.metadata.namespace === namespace)
      .map(keyOf);
  }

  async #reconcile(key: string): Promise<Outcome> {
    const pod = this.#pods.get(key);
    if (!pod || !isPending(pod)) return DONE;
    const { log, clock } = this.#deps;
    // From looking to assuming nothing else runs: two pods never get the same room.
    const { actions, status } = planSchedule(this.#gather(pod), clock.now());
    for (const action of actions) {
      log.debug("planned", { pod: key, action });
      if (action.kind === "bind") await this.#bind(pod, action.node);
      else {
        const { message } = action;
        this.#events.record(pod, { type: "Warning", reason: "FailedScheduling", message, action: "Scheduling" });
      }
    }
    if (status) await this.#writeCondition(pod, status);
    return DONE;
  }

  #gather(pod: Pod): ScheduleView {
    const seen = this.#byState.get(PLACED);
    const names = new Set(seen.map(({ metadata }) => metadata.uid));
    const assumed = [...this.#assumed.values()].filter(({ metadata }) => !names.has(metadata.uid));
    const { namespace = "" } = pod.metadata;
    const claims = this.#claims.inNamespace(namespace);
    const spaces = this.#deps.informers.of(namespaces).list();
    return {
      pod,
      nodes: this.#nodes.list(),
      placed: [...seen, ...assumed],
      claims: Object.fromEntries(claims.map((claim) => [claim.metadata.name, claim])),
      namespaces: Object.fromEntries(spaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    };
  }

  async #bind(pod: Pod, node: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    this.#assumed.set(uid, { ...pod, spec: { ...pod.spec, nodeName: node } });
    try {
      const binding = {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, ...(namespace !== undefined && { namespace }), uid },
        target: { kind: "Node", name: node },
      };
      await this.#deps.client.createSubresource(pods, name, namespace, "binding", binding);
      const message = `Successfully assigned ${keyOf(pod)} to ${node}`;
      this.#events.record(pod, { type: "Normal", reason: "Scheduled", message, action: "Binding" });
      await this.#pods.until(keyOf(pod), (seen) => !seen || seen.metadata.uid !== uid || !isPending(seen));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    } finally {
      this.#assumed.delete(uid);
    }
  }

  async #writeCondition({ metadata: { name, namespace } }: Pod, condition: PodCondition): Promise<void> {
    const body = { status: { conditions: [condition] } };
    try {
      const written = await this.#deps.client.patch(
        pods,
        name,
        namespace,
        { type: "strategic", body },
        { subresource: "status" },
      );
      await this.#pods.reached(written.metadata.resourceVersion);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function isPending(pod: Pod): boolean {
  const { nodeName, schedulerName = NAME } = pod.spec;
  return !nodeName && schedulerName === NAME && !isDeleting(pod) && !hasEnded(pod);
}

function isPlaced(pod: Pod): boolean {
  return Boolean(pod.spec.nodeName) && !hasEnded(pod);
}

/** Nodes report themselves every few seconds; what they report about their health changes nothing for a pod. */
function hasChangedForPods(node: Node | undefined, before: Node | undefined): boolean {
  if (!node) return false;
  if (!before) return true;
  return signature(node) !== signature(before);
}

function signature({ metadata, spec, status }: Node): string {
  return JSON.stringify([metadata.labels, spec.taints, spec.unschedulable, status?.allocatable]);
}
