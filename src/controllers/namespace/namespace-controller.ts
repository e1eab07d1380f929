import type { Namespace } from "../../api/generated/core-v1.ts";
import { namespaces } from "../../api/generated/resources.ts";
import { type KubeObject, keyOf } from "../../api/object.ts";
import type { Resource } from "../../api/resource.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { Informer } from "../../client/informer.ts";
import { isDeleting } from "../../plan/pods/readiness.ts";
import {
  type Content,
  type NamespaceAction,
  type NamespaceStatus,
  planNamespace,
} from "../../plan/namespace/namespace-plan.ts";
import { type ControllerDeps, DONE, sameJson } from "../controller-deps.ts";

/** Empties namespaces that are being deleted (src/plan/namespace). */
export class NamespaceController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #namespaces: Informer<Namespace>;
  readonly #contents: readonly Informer<KubeObject>[];
  readonly #controller: Controller;

  /** `resources`: everything that the server has; what is not namespaced is left out. */
  constructor(deps: ControllerDeps & { readonly resources: readonly Resource[] }) {
    this.#deps = deps;
    const { informers } = deps;
    this.#namespaces = informers.of(namespaces);
    this.#contents = deps.resources.filter(({ namespaced }) => namespaced).map((resource) => informers.of(resource));
    this.#controller = new Controller({
      ...deps,
      name: "namespace",
      sources: [
        source(this.#namespaces, ownKey),
        ...this.#contents.map((informer) => source(informer, (object) => this.#terminatingOf(object))),
      ],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#controller[Symbol.asyncDispose]();
  }

  #terminatingOf({ metadata: { namespace = "" } }: KubeObject): readonly string[] {
    const found = this.#namespaces.get(namespace);
    return found && isDeleting(found) ? [namespace] : [];
  }

  async #reconcile(name: string): Promise<Outcome> {
    const namespace = this.#namespaces.get(name);
    if (!namespace || !isDeleting(namespace)) return DONE;
    const { actions, status } = planNamespace({ namespace, contents: this.#gather(name) }, this.#deps.clock.now());
    const written = await this.#writeStatus(namespace, status);
    await Promise.all(actions.map((action) => this.#apply(written, action)));
    return DONE;
  }

  #gather(namespace: string): readonly Content[] {
    return this.#contents.flatMap((informer) =>
      informer.inNamespace(namespace).map(({ metadata }) => ({
        resource: informer.resource,
        name: metadata.name,
        uid: metadata.uid,
        finalizers: metadata.finalizers ?? [],
        deleting: metadata.deletionTimestamp !== undefined,
      })),
    );
  }

  async #writeStatus(namespace: Namespace, status: NamespaceStatus): Promise<Namespace> {
    if (!status || sameJson(status, namespace.status ?? {})) return namespace;
    return this.#deps.client.update(namespaces, { ...namespace, status }, { subresource: "status" });
  }

  async #apply(namespace: Namespace, action: NamespaceAction): Promise<void> {
    const { client } = this.#deps;
    try {
      if (action.kind === "finalize") {
        const finalizers = (namespace.spec.finalizers ?? []).filter((name) => name !== "kubernetes");
        await client.update(namespaces, { ...namespace, spec: { finalizers } }, { subresource: "finalize" });
      } else {
        const { resource, name, uid } = action.content;
        await client.delete(resource, name, keyOf(namespace), { preconditions: { uid } });
      }
    } catch (error) {
      // It has gone by itself, or another one has its name by now: the next look will tell.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
