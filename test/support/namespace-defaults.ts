import { configmaps, namespaces, serviceaccounts } from "../../src/api/generated/resources.ts";
import type { KubeObject } from "../../src/api/object.ts";
import type { Resource } from "../../src/api/resource.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../src/api/status-error.ts";
import type { TypeTable } from "../../src/api/table/type-table.ts";
import type { ApiClient, WatchEvent } from "../../src/client/api-client.ts";

/**
 * What the controllers of namespaces do, for tests that run the API server without controllers: each namespace has its service
 * account and its root certificate, also after they were deleted, and goes with all its content when it is deleted.
 */
export class NamespaceDefaults implements AsyncDisposable {
  readonly #client: ApiClient;
  readonly #types: TypeTable;
  readonly #ca: string;
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(client: ApiClient, types: TypeTable, ca: string) {
    this.#client = client;
    this.#types = types;
    this.#ca = ca;
    this.#loops = [
      this.#follow(namespaces, (event) => this.#namespace(event)),
      this.#follow(serviceaccounts, (event) => this.#lost(event, "default")),
      this.#follow(configmaps, (event) => this.#lost(event, "kube-root-ca.crt")),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  async #follow<T extends KubeObject>(
    resource: Resource<T>,
    handle: (event: WatchEvent<T>) => Promise<void>,
  ): Promise<void> {
    for await (const event of this.#client.watch(resource, {}, this.#stop.signal)) await handle(event);
  }

  async #namespace(event: WatchEvent<KubeObject>): Promise<void> {
    if (event.type === "BOOKMARK" || event.type === "DELETED") return;
    const { name, deletionTimestamp } = event.object.metadata;
    if (deletionTimestamp !== undefined) await this.#empty(name);
    else await this.#ensure(name);
  }

  async #lost(event: WatchEvent<KubeObject>, name: string): Promise<void> {
    if (event.type !== "DELETED" || event.object.metadata.name !== name) return;
    await this.#ensure(event.object.metadata.namespace ?? "");
  }

  async #ensure(namespace: string): Promise<void> {
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } } as const;
    const metadata = { name: "kube-root-ca.crt", namespace };
    await quietly(this.#client.create(serviceaccounts, account));
    await quietly(
      this.#client.create(configmaps, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": this.#ca } }),
    );
  }

  async #empty(namespace: string): Promise<void> {
    for (const resource of this.#types.resources) {
      if (!resource.namespaced || !resource.verbs.includes("deletecollection")) continue;
      for (const { metadata } of (await this.#client.list(resource, { namespace })).items) {
        const release = { type: "merge", body: { metadata: { finalizers: null } } } as const;
        if (metadata.finalizers) await quietly(this.#client.patch(resource, metadata.name, namespace, release));
        await quietly(this.#client.delete(resource, metadata.name, namespace, { gracePeriodSeconds: 0 }));
      }
    }
    await quietly(
      this.#client.patch(namespaces, namespace, undefined, { type: "merge", body: { metadata: { finalizers: null } } }),
    );
    const emptied = await this.#client.get(namespaces, namespace);
    await this.#client.update(namespaces, { ...emptied, spec: { finalizers: [] } }, { subresource: "finalize" });
  }
}

/** Others may have been first, or the namespace may be on its way out. */
async function quietly(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    const expected = isAlreadyExists(error) || isNotFound(error) || isConflict(error);
    if (!expected && !(error instanceof Error && error.message.includes("being terminated"))) throw error;
  }
}
