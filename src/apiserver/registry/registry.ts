import type { KubeObject, ObjectKey } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import type { ResourceInfo, TypeTable } from "../../api/table/type-table.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Decision, Store, Written } from "../../store/store.ts";
import type { Admitter, AdmissionView } from "../admission/admitter.ts";
import { checkNamespaceDeletion } from "../admission/namespace-lifecycle.ts";
import { type DeletionOptions, isDeletionComplete, planDeletion } from "./deletion.ts";
import { alreadyExists, notFound } from "./failures.ts";
import { isReturnedWhenDeleted } from "./kind-behaviour.ts";
import type { Claim, KindHooks } from "./kind-hooks.ts";
import { checkReached, type Listing, list, type Page } from "./listing.ts";
import { withRevision } from "./object-meta.ts";
import type { RequestContext, WriteOptions } from "./request-context.ts";
import { StoredKinds } from "./stored-kind.ts";
import { type ObjectChange, type Watching, type WatchQuery, watch } from "./watching.ts";
import { created, updated, wantedAnew, type Wanted, type Write, type WritingDeps } from "./writing.ts";

export interface RegistryDeps {
  readonly store: Store;
  readonly types: TypeTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly admitters: readonly Admitter[];
  /** By name in the store (`/services`). */
  readonly hooks: ReadonlyMap<string, KindHooks>;
}

/** Where a request points. */
export interface Target {
  readonly info: ResourceInfo;
  readonly namespace?: string;
}

export interface ObjectTarget extends Target {
  readonly name: string;
  readonly subresource?: string;
}

export interface Update {
  /** What the client wants of the current object, in the version of the request; undefined: there is none. */
  readonly change: (current: KubeObject | undefined) => Wanted;
  /** An object that does not exist is created. */
  readonly create: boolean;
}

export interface Updated {
  readonly object: KubeObject;
  readonly created: boolean;
}

export interface Deleted {
  readonly object: KubeObject;
  /** The answer is the object, not a mere success: it is still there, or its kind is always returned. */
  readonly returned: boolean;
  /** It is gone. */
  readonly removed: boolean;
}

/** What a write has come to, within the store's decision. */
interface Outcome {
  readonly decision: Decision;
  readonly claim?: Claim;
}

/** How often a generated name is drawn anew when it is taken. */
const NAME_ATTEMPTS = 8;

/**
 * The objects of the API: reads, writes with all their rules, watches. Knows nothing of HTTP or JSON; objects are shared with
 * the store and must never be changed.
 */
export class Registry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #kinds: StoredKinds;
  readonly #hooks: ReadonlyMap<string, KindHooks>;
  readonly #writing: WritingDeps;

  constructor(deps: RegistryDeps) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#kinds = new StoredKinds(deps.types);
    this.#hooks = deps.hooks;
    this.#writing = { ...deps, view: viewOf(deps.store) };
  }

  get revision(): number {
    return this.#store.revision;
  }

  /** What there is, by name in the store and in the version that is stored. */
  get view(): AdmissionView {
    return this.#writing.view;
  }

  /** `version`: the object must be at least as new as this, by the text of a query. */
  get({ info, namespace, name }: ObjectTarget, version?: string): KubeObject {
    if (version !== undefined) checkReached(version, this.#store.revision);
    const kind = this.#kinds.of(info);
    const object = this.#store.get(kind.resource, storeKey(name, namespace));
    if (!object) throw notFound(info, name);
    return kind.view(object);
  }

  list({ info, namespace }: Target, page: Page): Listing {
    return list(this.#store, info, this.#kinds.of(info), namespace, page);
  }

  watch({ info, namespace }: Target, query: WatchQuery, tell: (change: ObjectChange) => void): Watching {
    return watch(this.#store, info, this.#kinds.of(info), namespace, query, tell);
  }

  /** Creates an object; a name that is drawn (`generateName`) and taken is drawn anew a few times. */
  async create(
    target: Target,
    object: KubeObject,
    options: WriteOptions,
    context: RequestContext,
  ): Promise<KubeObject> {
    const write = this.#writeOf(target, options, context);
    const generated = !object.metadata.name && Boolean(object.metadata.generateName);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createOnce(write, object);
      } catch (error) {
        if (!generated || attempt === NAME_ATTEMPTS || !isAlreadyExists(error)) throw error;
      }
    }
  }

  async #createOnce(write: Write, wanted: KubeObject): Promise<KubeObject> {
    const object = created(this.#writing, write, { object: wanted, tracked: false });
    const { name } = object.metadata;
    const written = await this.#commit(write, name, (current, revision) => {
      if (current) throw alreadyExists(write.info, current.metadata);
      return this.#put(write, undefined, object, revision);
    });
    return write.kind.view(written.object);
  }

  /** Changes an object, or creates it where the update says so. The change always sees the newest state. */
  async update(target: ObjectTarget, update: Update, options: WriteOptions, context: RequestContext): Promise<Updated> {
    const write = this.#writeOf(target, options, context);
    let isNew = false;
    const written = await this.#commit(write, target.name, (current, revision) => {
      isNew = !current;
      if (!current) {
        if (!update.create) throw notFound(target.info, target.name);
        const wanted = wantedAnew(update.change(undefined));
        return this.#put(write, undefined, created(this.#writing, write, wanted), revision);
      }
      const object = updated(this.#writing, write, current, update.change(write.kind.view(current)));
      if (isDeletionComplete(current, object))
        return { decision: { kind: "remove", last: withRevision(object, revision) } };
      if (object === current) return { decision: { kind: "keep", object: current } };
      return this.#put(write, current, object, revision);
    });
    return { object: write.kind.view(written.object), created: isNew };
  }

  /** Changes an object by one of the server's own rules: without admission, validation and ownership of fields. */
  async modify(
    target: ObjectTarget,
    change: (current: KubeObject) => KubeObject,
    options: WriteOptions,
    context: RequestContext,
  ): Promise<KubeObject> {
    const write = this.#writeOf(target, options, context);
    const written = await this.#commit(write, target.name, (current, revision) => {
      if (!current) throw notFound(target.info, target.name);
      return { decision: { kind: "put", object: withRevision(change(current), revision) } };
    });
    return write.kind.view(written.object);
  }

  async delete(target: ObjectTarget, options: DeletionOptions, context: RequestContext): Promise<Deleted> {
    const { info, name } = target;
    if (info.group === "" && info.kind === "Namespace") checkNamespaceDeletion(name);
    const write = this.#writeOf(target, options, context);
    let [removed, pending] = [false, false];
    const written = await this.#commit(write, name, (current, revision) => {
      if (!current) throw notFound(info, name);
      const deletion = planDeletion(write.kind.info, current, options, this.#clock.now());
      removed = deletion.kind === "remove";
      pending = deletion.kind === "pending";
      if (deletion.kind === "pending") return { decision: { kind: "keep", object: current } };
      if (deletion.kind === "mark")
        return { decision: { kind: "put", object: withRevision(deletion.object, revision) } };
      return { decision: { kind: "remove", last: withRevision(deletion.last, revision) } };
    });
    const returned = isReturnedWhenDeleted(info) || !(removed || pending);
    return { object: write.kind.view(written.object), returned, removed };
  }

  /** Deletes each object of a page; what others have deleted meanwhile is left out. Returns the page as it was. */
  async deleteCollection(
    target: Target,
    page: Page,
    options: DeletionOptions,
    context: RequestContext,
  ): Promise<Listing> {
    const listing = this.list(target, page);
    const deletions = listing.items.map(async ({ metadata: { name, namespace } }) => {
      try {
        await this.delete({ ...target, name, ...(namespace !== undefined && { namespace }) }, options, context);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
    await Promise.all(deletions);
    return listing;
  }

  #writeOf(target: Target & { readonly subresource?: string }, options: WriteOptions, context: RequestContext): Write {
    const { info, namespace, subresource } = target;
    const kind = this.#kinds.of(info);
    return {
      info,
      kind,
      hooks: this.#hooks.get(kind.resource),
      ...(namespace !== undefined && info.namespaced && { namespace }),
      ...(subresource !== undefined && { subresource }),
      part: subresource === "scale" ? undefined : subresource,
      context,
      options,
    };
  }

  #put(write: Write, current: KubeObject | undefined, object: KubeObject, revision: number): Outcome {
    const claim = write.hooks?.claim(current, object, write.options.dryRun);
    const claimed = claim?.object ?? object;
    // A dry run is told no version that nothing has.
    const stored = write.options.dryRun ? claimed : withRevision(claimed, revision);
    return { decision: { kind: "put", object: stored }, ...(claim && { claim }) };
  }

  /** Runs `decide` within the store's write and settles what it claimed. A dry run decides and writes nothing. */
  async #commit(
    { kind, namespace, hooks, options: { dryRun } }: Write,
    name: string,
    decide: (current: KubeObject | undefined, revision: number) => Outcome,
  ): Promise<Written> {
    let outcome: Outcome | undefined;
    try {
      const written = await this.#store.write(kind.resource, storeKey(name, namespace), (current, revision) => {
        outcome = decide(current, revision);
        return dryRun ? { kind: "keep", object: resultOf(outcome.decision) } : outcome.decision;
      });
      outcome?.claim?.settle(written.changed);
      if (written.changed && outcome?.decision.kind === "remove") hooks?.release(written.object);
      return written;
    } catch (error) {
      outcome?.claim?.settle(false);
      throw error;
    }
  }
}

function resultOf(decision: Decision): KubeObject {
  return decision.kind === "remove" ? decision.last : decision.object;
}

function viewOf(store: Store): AdmissionView {
  return {
    get: (resource, name, namespace) => store.get(resource, storeKey(name, namespace)),
    list: (resource, namespace) => store.list(resource, namespace === undefined ? "" : `${namespace}/`),
  };
}

function storeKey(name: ObjectKey["name"], namespace: ObjectKey["namespace"]): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
