import { parseConfiguration } from "../api/apply/apply-configuration.ts";
import { decodeValue } from "../api/decode/decode-object.ts";
import { DecodingError } from "../api/decode/decoding-error.ts";
import type { Draft, KubeObject } from "../api/object.ts";
import type { Resource } from "../api/resource.ts";
import { StatusError } from "../api/status-error.ts";
import { updateRules } from "../api/strategy/update-rules.ts";
import type { KindInfo, ResourceInfo, TypeTable } from "../api/table/type-table.ts";
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
} from "../client/api-client.ts";
import type { Clock } from "../lib/clock.ts";
import type { JsonValue } from "../lib/json.ts";
import type { User } from "./auth/user.ts";
import { noSuchPath } from "./registry/failures.ts";
import { asObject } from "./registry/json-view.ts";
import { appliedTo } from "./registry/managed-fields.ts";
import { patched, type PatchReading, type ReadPatch, requireCurrent } from "./registry/patching.ts";
import { replacement } from "./registry/replacing.ts";
import type { ObjectTarget, Registry, Target, Update } from "./registry/registry.ts";
import type { RequestContext, WriteOptions as RegistryOptions } from "./registry/request-context.ts";
import type { Bookmark, Change } from "./registry/watching.ts";
import type { Action } from "./subresources/actions.ts";
import { type Scale, scaleChange, scaleOf } from "./subresources/scale.ts";

export interface InProcessDeps {
  readonly registry: Registry;
  readonly types: TypeTable;
  readonly actions: ReadonlyMap<string, Action>;
  readonly clock: Clock;
}

/** How many changes may wait for a reader in this process before its watch ends. */
const MAX_WAITING = 100_000;

/**
 * The ApiClient of the process in which the API server runs: straight onto the registry, without HTTP, JSON or permissions.
 * What is read is shared with the store; what is written is taken apart and put together like any request.
 */
export class InProcessClient implements ApiClient {
  readonly #deps: InProcessDeps;
  readonly #context: RequestContext;

  constructor(deps: InProcessDeps, user: User, fieldManager: string) {
    this.#deps = deps;
    this.#context = { user, manager: fieldManager, warn: () => undefined };
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T> {
    return this.#deps.registry.get(this.#object(resource, name, namespace)) as T;
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { items, revision } = this.#deps.registry.list(this.#target(resource, options.namespace), options);
    return { items: items as readonly T[], resourceVersion: String(revision) };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const target = this.#target(resource, object.metadata.namespace);
    const made = await this.#deps.registry.create(target, read(target.info, object), writing(options), this.#context);
    return made as T;
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: SubresourceOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    const target = this.#object(resource, name, namespace, options.subresource);
    if (options.subresource === "scale") {
      const document: object = object;
      return this.#scale<T>(target, () => document as Scale, options);
    }
    const wanted = read(target.info, object);
    const create = options.subresource === undefined && updateRules(target.info).allowCreate;
    return this.#update<T>(target, { change: replacement(target.info, wanted), create }, options);
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace: string | undefined,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    const target = this.#object(resource, name, namespace, options.subresource);
    const { types } = this.#deps;
    const reading: PatchReading = { types, validation: "Ignore", warn: this.#context.warn };
    if (patch.type === "apply") return this.#apply<T>(target, patch.body as JsonValue, options);
    const body: ReadPatch = { type: patch.type, body: patch.body as JsonValue, duplicates: [] };
    if (options.subresource === "scale") {
      const kind = this.#kindOfScale();
      return this.#scale<T>(target, (scale) => patched(kind, scale, body, reading) as Scale, options);
    }
    const change: Update["change"] = (current) => ({
      object: patched(target.info, requireCurrent(current, target.info, name), body, reading),
      tracked: false,
    });
    return this.#update<T>(target, { change, create: false }, options);
  }

  async delete(resource: Resource, name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    const target = this.#object(resource, name, namespace);
    await this.#deps.registry.delete(target, { ...options, dryRun: false }, this.#context);
  }

  async createSubresource<T>(
    resource: Resource,
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: unknown,
  ): Promise<T> {
    const target = this.#object(resource, name, namespace, subresource);
    const action = this.#deps.actions.get(`${resource.group}/${resource.plural}/${subresource}`);
    if (!action) throw noSuchPath();
    return (await action(target, body as KubeObject, { dryRun: false }, this.#context)) as T;
  }

  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const begin = (tell: (change: Change) => void): Disposable => this.#watch(resource, options, tell);
    return { [Symbol.asyncIterator]: () => new WatchIterator<T>(begin, signal) };
  }

  #watch(resource: Resource, options: WatchOptions, tell: (change: Change) => void): Disposable {
    const initial = options.resourceVersion === undefined;
    const query = { ...options, allowWatchBookmarks: initial, ...(initial && { sendInitialEvents: true }) };
    const watching = this.#deps.registry.watch(this.#target(resource, options.namespace), query, tell);
    for (const object of watching.initial) tell({ type: "ADDED", object });
    if (watching.initialBookmark) tell(watching.initialBookmark);
    return watching;
  }

  #apply<T extends KubeObject>(target: ObjectTarget, body: JsonValue, options: PatchOptions): Promise<T> {
    const { info, subresource } = target;
    const config = parseConfiguration(body);
    const manager = options.fieldManager ?? this.#context.manager;
    const write = { info, manager, ...(subresource !== undefined && { subresource }) };
    const change: Update["change"] = (current) => ({
      object: appliedTo({ ...write, now: this.#deps.clock.now() }, current, config, options.force ?? false),
      tracked: true,
    });
    return this.#update<T>(target, { change, create: subresource === undefined }, options);
  }

  async #update<T extends KubeObject>(target: ObjectTarget, update: Update, options: WriteOptions): Promise<T> {
    const { object } = await this.#deps.registry.update(target, update, writing(options), this.#context);
    return object as T;
  }

  async #scale<T extends KubeObject>(
    target: ObjectTarget,
    change: (scale: Scale) => Scale,
    options: WriteOptions,
  ): Promise<T> {
    const object = await this.#update(target, { change: scaleChange(target, change), create: false }, options);
    const scale: KubeObject = scaleOf(object);
    return scale as T;
  }

  #target(resource: Resource, namespace: string | undefined): Target {
    const info = this.#deps.types.find(resource.group, resource.version, resource.plural);
    if (!info) throw noSuchPath();
    return { info, ...(namespace !== undefined && info.namespaced && { namespace }) };
  }

  #object(resource: Resource, name: string, namespace: string | undefined, subresource?: string): ObjectTarget {
    const target = this.#target(resource, namespace);
    return { ...target, name, ...(subresource !== undefined && { subresource }) };
  }

  #kindOfScale(): KindInfo {
    const kind = this.#deps.types.findType("autoscaling/v1", "Scale");
    if (!kind) throw noSuchPath();
    return kind;
  }
}

/** A private copy in the normal form of its kind. Throws BadRequest. */
function read(info: ResourceInfo, object: object): KubeObject {
  try {
    return asObject(decodeValue(info, object as JsonValue & object).object);
  } catch (error) {
    throw error instanceof DecodingError ? new StatusError("BadRequest", error.message) : error;
  }
}

function writing({ dryRun = false, fieldManager }: WriteOptions): RegistryOptions {
  return { dryRun, ...(fieldManager !== undefined && { fieldManager }) };
}

/** One reader of a watch. Changes wait for it until it asks for them. */
class WatchIterator<T extends KubeObject> implements AsyncIterator<WatchEvent<T>> {
  readonly #begin: (tell: (change: Change) => void) => Disposable;
  readonly #signal: AbortSignal;
  #waiting: WatchEvent<T>[] = [];
  #wake: (() => void) | undefined;
  #watching: Disposable | undefined;
  #ended = false;

  constructor(begin: (tell: (change: Change) => void) => Disposable, signal: AbortSignal) {
    this.#begin = begin;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<WatchEvent<T>>> {
    if (!this.#watching && !this.#ended) this.#start();
    while (this.#waiting.length === 0 && !this.#ended) await this.#change();
    const event = this.#ended ? undefined : this.#waiting.shift();
    return event ? { done: false, value: event } : { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<WatchEvent<T>>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #start(): void {
    if (this.#signal.aborted) {
      this.#ended = true;
      return;
    }
    this.#signal.addEventListener("abort", this.#end, { once: true });
    this.#watching = this.#begin((change) => this.#push(eventOf(change)));
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #push(event: WatchEvent<KubeObject>): void {
    this.#waiting.push(event as WatchEvent<T>);
    if (this.#waiting.length > MAX_WAITING) this.#end();
    else this.#wake?.();
  }

  readonly #end = (): void => {
    this.#ended = true;
    this.#waiting = [];
    this.#signal.removeEventListener("abort", this.#end);
    this.#watching?.[Symbol.dispose]();
    this.#wake?.();
  };
}

function eventOf(change: Change): WatchEvent<KubeObject> {
  return change.type === "BOOKMARK" ? bookmarkOf(change) : change;
}

function bookmarkOf({ type, revision, initialEventsEnd }: Bookmark): WatchEvent<KubeObject> {
  return { type, resourceVersion: String(revision), initialEventsEnd };
}
