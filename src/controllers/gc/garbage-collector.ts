import type { KubeObject, OwnerReference } from "../../api/object.ts";
import { apiVersionOf, qualifiedName, type Resource } from "../../api/resource.ts";
import { isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, type Source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { type CollectionAction, type OwnerState, planCollection } from "../../plan/gc/collection-plan.ts";
import { deletesDependents, type OwnedObject, OwnershipGraph } from "../../plan/gc/ownership-graph.ts";
import { type ControllerDeps, DONE, recorderFor } from "../controller-deps.ts";

/** How many uids are remembered of owners that are gone for certain. */
const MEMORY = 500;

/** Deletes what belongs to nobody any more (src/plan/gc). */
export class GarbageCollector implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #events: EventRecorder;
  readonly #graph = new OwnershipGraph();
  readonly #kinds: ReadonlyMap<string, Resource>;
  /** By `deployments.apps`. */
  readonly #informers: ReadonlyMap<string, Informer<KubeObject>>;
  readonly #absent = new Set<string>();
  readonly #controller: Controller;

  /** `resources`: everything that can own or be owned; Events cannot. */
  constructor(deps: ControllerDeps & { readonly resources: readonly Resource[] }) {
    this.#deps = deps;
    this.#events = recorderFor(deps, "garbage-collector-controller");
    const resources = deps.resources.filter(({ kind }) => kind !== "Event");
    this.#kinds = new Map(resources.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]));
    this.#informers = new Map(resources.map((resource) => [qualifiedName(resource), deps.informers.of(resource)]));
    this.#controller = new Controller({
      ...deps,
      name: "garbage-collector",
      sources: [...this.#informers.values()].map((informer) => this.#source(informer)),
      reconcile: (uid) => this.#reconcile(uid),
    }).start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
  }

  /** Keeps the graph up to date; its keys are uids. */
  #source(informer: Informer<KubeObject>): Source {
    return {
      informer,
      connect: (enqueue) =>
        informer.onChange((current, previous) => {
          const due = current
            ? this.#graph.put(ownedObject(informer.resource, current))
            : this.#graph.remove(previous?.metadata.uid ?? "");
          for (const uid of due) enqueue(uid);
        }),
    };
  }

  async #reconcile(uid: string): Promise<Outcome> {
    const object = this.#graph.get(uid);
    if (!object) return DONE;
    const owners = await Promise.all(
      object.owners.map(async (reference) => ({ reference, state: await this.#stateOf(object, reference) })),
    );
    // The object may have gone while its owners were looked for.
    if (this.#graph.get(uid) !== object) return DONE;
    const view = { object, owners, dependents: this.#graph.dependentsOf(uid), circle: this.#graph.circleOf(uid) };
    for (const action of planCollection(view)) {
      this.#deps.log.debug("planned", { kind: action.kind, object: action.object.name, why: action.why });
      await this.#apply(action);
    }
    return DONE;
  }

  /** An owner that the graph does not have is looked for at the server: the graph may not have caught up. */
  async #stateOf(object: OwnedObject, reference: OwnerReference): Promise<OwnerState> {
    const { uid, apiVersion, kind, name } = reference;
    const seen = this.#graph.get(uid);
    const resource = this.#kinds.get(`${apiVersion}/${kind}`);
    // Nothing is collected because of an owner of a kind that nobody serves.
    if (!resource) return "present";
    const namespace = resource.namespaced ? object.namespace : undefined;
    if (resource.namespaced && namespace === undefined) {
      this.#tellInvalid(object, reference);
      return "present";
    }
    const isKnown = seen?.name === name && seen.namespace === namespace && sameResource(seen.resource, resource);
    const owner = isKnown ? seen : await this.#find(uid, resource, name, namespace);
    if (owner) return deletesDependents(owner) ? "deletesDependents" : "present";
    if (seen && seen.namespace !== namespace) this.#tellInvalid(object, reference);
    return "absent";
  }

  /** Asks the server, unless the owner is gone for certain. */
  async #find(uid: string, resource: Resource, name: string, namespace?: string): Promise<OwnedObject | undefined> {
    if (this.#absent.has(uid)) return undefined;
    try {
      const live = await this.#deps.client.get(resource, name, namespace);
      if (live.metadata.uid === uid) return ownedObject(resource, live);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#rememberAbsent(uid);
    return undefined;
  }

  #rememberAbsent(uid: string): void {
    this.#absent.add(uid);
    const [oldest] = this.#absent;
    if (this.#absent.size > MEMORY && oldest !== undefined) this.#absent.delete(oldest);
  }

  #tellInvalid(object: OwnedObject, { apiVersion, kind, name, uid }: OwnerReference): void {
    const { namespace = "" } = object;
    const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
    const message = `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`;
    const told = this.#cached(object);
    if (told) this.#events.record(told, { type: "Warning", reason: "OwnerRefInvalidNamespace", message });
  }

  #cached({ resource, namespace, name }: OwnedObject): KubeObject | undefined {
    return this.#informers.get(qualifiedName(resource))?.get(namespace ? `${namespace}/${name}` : name);
  }

  async #apply(action: CollectionAction): Promise<void> {
    const { client } = this.#deps;
    const { resource, namespace, name, uid, resourceVersion } = action.object;
    try {
      if (action.kind === "delete") {
        const { propagationPolicy } = action;
        await client.delete(resource, name, namespace, { propagationPolicy, preconditions: { uid, resourceVersion } });
        return;
      }
      const change =
        action.kind === "setOwners"
          ? { ownerReferences: action.owners }
          : { finalizers: action.object.finalizers.filter((finalizer) => finalizer !== action.finalizer) };
      const body = { metadata: { uid, resourceVersion, ...change } };
      await client.patch(resource, name, namespace, { type: "merge", body });
    } catch (error) {
      // What has changed meanwhile is looked at again: the failure brings the key back.
      if (!isNotFound(error)) throw error;
    }
  }
}

function sameResource(a: Resource, b: Resource): boolean {
  return qualifiedName(a) === qualifiedName(b);
}

function ownedObject(resource: Resource, { metadata }: KubeObject): OwnedObject {
  const { namespace, name, uid, resourceVersion, ownerReferences = [], finalizers = [], deletionTimestamp } = metadata;
  return {
    resource,
    ...(namespace && { namespace }),
    name,
    uid,
    resourceVersion,
    owners: ownerReferences,
    finalizers,
    deleting: deletionTimestamp !== undefined,
  };
}
