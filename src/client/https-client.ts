import type { Draft, KubeObject } from "../api/object.ts";
import { apiVersionOf, type Resource } from "../api/resource.ts";
import { type Status, StatusError } from "../api/status-error.ts";
import { AppError } from "../lib/app-error.ts";
import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectList,
  Patch,
  PatchOptions,
  SubresourceOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./api-client.ts";
import { jsonLines } from "./json-lines.ts";
import { resourcePath } from "./resource-path.ts";
import type { Transport, TransportRequest } from "./transport.ts";

export interface HttpsClientOptions {
  /** Owner of the fields that this client writes, where a call does not say another. */
  readonly fieldManager?: string;
}

const PATCH_TYPES: Readonly<Record<Patch["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

const JSON_TYPE = { "content-type": "application/json" };

/** The ApiClient of every process but the control process itself, and of a real cluster. */
export class HttpsClient implements ApiClient {
  readonly #transport: Transport;
  readonly #fieldManager: string | undefined;

  constructor(transport: Transport, options: HttpsClientOptions = {}) {
    this.#transport = transport;
    this.#fieldManager = options.fieldManager;
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T> {
    return this.#object({ method: "GET", path: resourcePath(resource, { namespace, name }) });
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const path = resourcePath(resource, { namespace: options.namespace }, selection(options));
    const list = (await this.#transport.json({ method: "GET", path })) as WireList<T>;
    const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    return {
      // The items of a list do not say what they are.
      items: (list.items ?? []).map((item) => ({ ...type, ...item })),
      resourceVersion: list.metadata?.resourceVersion ?? "",
    };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const path = resourcePath(resource, { namespace: object.metadata.namespace }, this.#writing(options));
    return this.#object({ method: "POST", path, headers: JSON_TYPE, body: JSON.stringify(object) });
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: SubresourceOptions = {}): Promise<T> {
    const path = resourcePath(resource, { ...object.metadata, ...subresourceOf(options) }, this.#writing(options));
    return this.#object({ method: "PUT", path, headers: JSON_TYPE, body: JSON.stringify(object) });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace: string | undefined,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    const query = this.#writing(options);
    if (options.force) query.set("force", "true");
    const path = resourcePath(resource, { namespace, name, ...subresourceOf(options) }, query);
    const headers = { "content-type": PATCH_TYPES[patch.type] };
    return this.#object({ method: "PATCH", path, headers, body: JSON.stringify(patch.body) });
  }

  async delete(resource: Resource, name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    const path = resourcePath(resource, { namespace, name });
    const body = JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", ...options });
    await this.#transport.text({ method: "DELETE", path, headers: JSON_TYPE, body });
  }

  async createSubresource<T>(
    resource: Resource,
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: unknown,
  ): Promise<T> {
    const path = resourcePath(resource, { namespace, name, subresource }, this.#writing({}));
    return this.#object({ method: "POST", path, headers: JSON_TYPE, body: JSON.stringify(body) });
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    if (signal.aborted) return;
    try {
      yield* this.#watch(resource, options, signal);
    } catch (error) {
      if (signal.aborted) return;
      // A server without the WatchList feature refuses to begin with what there is.
      if (options.resourceVersion !== undefined || !(error instanceof StatusError) || error.reason !== "Invalid")
        throw error;
      yield* this.#listAndWatch(resource, options, signal);
    }
  }

  async *#listAndWatch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { items, resourceVersion } = await this.list(resource, options);
    for (const object of items) yield { type: "ADDED", object };
    yield { type: "BOOKMARK", resourceVersion, initialEventsEnd: true };
    yield* this.watch(resource, { ...options, resourceVersion }, signal);
  }

  async *#watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const query = selection(options);
    query.set("watch", "true");
    query.set("allowWatchBookmarks", "true");
    if (options.resourceVersion === undefined) {
      query.set("sendInitialEvents", "true");
      query.set("resourceVersionMatch", "NotOlderThan");
    } else {
      query.set("resourceVersion", options.resourceVersion);
    }
    const path = resourcePath(resource, { namespace: options.namespace }, query);
    const response = await this.#transport.successful({ method: "GET", path, signal, streaming: true });
    try {
      for await (const event of jsonLines(response as AsyncIterable<Uint8Array>)) yield eventOf(event as WireEvent<T>);
    } catch (error) {
      if (error instanceof StatusError) throw error;
      throw new AppError("unreachable", `the watch of ${resource.plural} broke: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      response.destroy();
    }
  }

  async #object<T>(request: TransportRequest): Promise<T> {
    return (await this.#transport.json(request)) as T;
  }

  #writing(options: WriteOptions): URLSearchParams {
    const query = new URLSearchParams();
    const fieldManager = options.fieldManager ?? this.#fieldManager;
    if (fieldManager !== undefined) query.set("fieldManager", fieldManager);
    if (options.dryRun) query.set("dryRun", "All");
    if (options.fieldValidation !== undefined) query.set("fieldValidation", options.fieldValidation);
    return query;
  }
}

interface WireList<T> {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly items?: readonly T[] | null;
}

type WireEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly object: KubeObject }
  | { readonly type: "ERROR"; readonly object: Status };

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists */
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

function eventOf<T>(event: WireEvent<T>): WatchEvent<T> {
  switch (event.type) {
    case "ERROR":
      throw StatusError.from(event.object);
    case "BOOKMARK": {
      const { resourceVersion, annotations } = event.object.metadata;
      return { type: "BOOKMARK", resourceVersion, initialEventsEnd: annotations?.[INITIAL_EVENTS_END] === "true" };
    }
    default:
      return event;
  }
}

function selection({ labelSelector, fieldSelector }: ListOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector) query.set("labelSelector", labelSelector);
  if (fieldSelector) query.set("fieldSelector", fieldSelector);
  return query;
}

function subresourceOf({ subresource }: SubresourceOptions): { readonly subresource?: string } {
  return subresource ? { subresource } : {};
}
