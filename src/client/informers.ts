import type { KubeObject } from "../api/object.ts";
import { qualifiedName, type Resource } from "../api/resource.ts";
import type { ApiClient, ListOptions } from "./api-client.ts";
import { Informer, type InformerOptions } from "./informer.ts";

/** The informers of one process: everybody who asks for the same objects shares one watch and one cache. */
export class Informers implements AsyncDisposable {
  readonly #client: ApiClient;
  readonly #options: InformerOptions;
  readonly #informers = new Map<string, Pick<Informer<KubeObject>, "synced" | typeof Symbol.asyncDispose>>();

  constructor(client: ApiClient, options: Pick<InformerOptions, "clock" | "random" | "log" | "backoff">) {
    this.#client = client;
    this.#options = options;
  }

  /** The running informer of these objects. */
  of<T extends KubeObject>(resource: Resource<T>, selection: ListOptions = {}): Informer<T> {
    const { namespace = "", labelSelector = "", fieldSelector = "" } = selection;
    const id = [qualifiedName(resource), resource.version, namespace, labelSelector, fieldSelector].join("|");
    const known = this.#informers.get(id);
    // The id names the resource, and the resource the type.
    if (known) return known as Informer<T>;
    const informer = new Informer(this.#client, resource, { ...this.#options, ...selection }).start();
    this.#informers.set(id, informer);
    return informer;
  }

  /** Resolves when every informer that was asked for so far has synced. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer[Symbol.asyncDispose]()));
  }
}
