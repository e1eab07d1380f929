import { configmaps, namespaces, serviceaccounts } from "../../api/generated/resources.ts";
import { keyOf } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, source } from "../../client/controller.ts";
import {
  type NamespaceDefaultsAction,
  planNamespaceDefaults,
  ROOT_CA,
} from "../../plan/service-account/namespace-defaults-plan.ts";
import { type ControllerDeps, DONE } from "../controller-deps.ts";
import { isNamespaceTerminating } from "../ownership.ts";

const ACCOUNT = "default";

/** Gives every namespace its account and its root certificate (src/plan/service-account). */
export class NamespaceDefaultsController implements AsyncDisposable {
  readonly #deps: ControllerDeps & { readonly ca: string };
  readonly #controller: Controller;

  /** `ca`: the certificates that verify the API server, PEM. */
  constructor(deps: ControllerDeps & { readonly ca: string }) {
    this.#deps = deps;
    const { informers } = deps;
    const named =
      (name: string) => (object: { readonly metadata: { readonly name: string; readonly namespace?: string } }) =>
        object.metadata.name === name ? [object.metadata.namespace ?? ""] : [];
    this.#controller = new Controller({
      ...deps,
      name: "namespace-defaults",
      sources: [
        source(informers.of(namespaces), (namespace) => [keyOf(namespace)]),
        source(informers.of(serviceaccounts), named(ACCOUNT)),
        source(informers.of(configmaps), named(ROOT_CA)),
      ],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#controller[Symbol.asyncDispose]();
  }

  async #reconcile(name: string): Promise<Outcome> {
    const { informers, ca } = this.#deps;
    const namespace = informers.of(namespaces).get(name);
    if (!namespace) return DONE;
    const account = informers.of(serviceaccounts).get(`${name}/${ACCOUNT}`);
    const rootCa = informers.of(configmaps).get(`${name}/${ROOT_CA}`);
    const view = { namespace, ca, ...(account && { account }), ...(rootCa && { rootCa }) };
    await Promise.all(planNamespaceDefaults(view).map((action) => this.#apply(action)));
    return DONE;
  }

  async #apply(action: NamespaceDefaultsAction): Promise<void> {
    const { client } = this.#deps;
    try {
      if (action.kind === "createAccount") await client.create(serviceaccounts, action.object);
      else if (action.kind === "createRootCa") await client.create(configmaps, action.object);
      else await client.update(configmaps, action.object);
    } catch (error) {
      // Somebody else has made it, or the namespace goes.
      if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}
