import { decodeObject, problemWarnings, strictDecodingError } from "../../api/decode/decode-object.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { updateRules } from "../../api/strategy/update-rules.ts";
import type { KindInfo, ResourceInfo, TypeTable } from "../../api/table/type-table.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { User } from "../auth/user.ts";
import type { DeletionOptions } from "../registry/deletion.ts";
import { conflict, noSuchPath } from "../registry/failures.ts";
import { asObject } from "../registry/json-view.ts";
import { appliedTo } from "../registry/managed-fields.ts";
import { withMeta } from "../registry/object-meta.ts";
import { parseListQuery } from "../registry/list-options.ts";
import {
  type FieldValidation,
  patched,
  type PatchReading,
  type ReadPatch,
  readConfiguration,
  readPatch,
  requireCurrent,
} from "../registry/patching.ts";
import { replacement } from "../registry/replacing.ts";
import type { ObjectTarget, Registry, Target, Update } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { parseDeletion } from "./delete-options.ts";
import type { Exchange } from "./exchange.ts";
import { bodyMediaType, patchMediaType } from "./media-type.ts";
import { negotiate } from "./negotiation.ts";
import type { Presenter } from "./presenter.ts";
import type { ResourcePath } from "./request-path.ts";
import { type ChangeEncoder, initialChanges, WatchStream, watchTimers } from "./watch-response.ts";
import { parseWriteQuery, type WriteQuery } from "./write-options.ts";

export interface ResourceHandlerDeps {
  readonly registry: Registry;
  readonly types: TypeTable;
  readonly presenter: Presenter;
  readonly encoder: ChangeEncoder;
  readonly clock: Clock;
  readonly random: Random;
  /** Watches that are open; all end when the server shuts down. */
  readonly watches: Set<WatchStream>;
}

/** One request for a resource, with what is known about it. */
export interface ResourceRequest {
  readonly exchange: Exchange;
  readonly path: ResourcePath;
  readonly info: ResourceInfo;
  readonly user: User;
}

/** A watch without a timeout of its own ends after 30 to 60 minutes, so that connections spread, in seconds. */
const MIN_WATCH_SECONDS = 1800;

/** How long the end of a watch may wait to be read, in milliseconds. */
const UNREAD_MS = 30_000;

/** Serves the verbs that all resources share. */
export class ResourceHandler {
  readonly #deps: ResourceHandlerDeps;

  constructor(deps: ResourceHandlerDeps) {
    this.#deps = deps;
  }

  async get({ exchange, info, path }: ResourceRequest): Promise<void> {
    const how = negotiate(exchange.header("accept"), true);
    const object = this.#deps.registry.get(
      objectTarget(info, path),
      exchange.query.get("resourceVersion") || undefined,
    );
    await exchange.send(200, this.#deps.presenter.object(info, object, how, exchange.query));
  }

  async list(request: ResourceRequest): Promise<void> {
    const { exchange, info, path } = request;
    const query = parseListQuery(exchange.query, path.watch);
    if (query.watch) return this.#watch(request);
    const how = negotiate(exchange.header("accept"), true, true);
    const listing = this.#deps.registry.list(target(info, path), query);
    await exchange.send(200, this.#deps.presenter.list(info, listing, how, exchange.query));
  }

  #watch({ exchange, info, path }: ResourceRequest): void {
    const { registry, encoder, clock, random, watches } = this.#deps;
    const how = negotiate(exchange.header("accept"), true, true);
    const query = parseListQuery(oneObject(exchange.query, path), true);
    // The store tells nothing before this turn of the event loop is over, so the stream is there by then.
    const watching = registry.watch(target(info, path), query, (change) => open.push(change));
    const encode = encoder.for(info, how, exchange.query);
    const initial = initialChanges(watching.initial, watching.initialBookmark);
    const bytes = exchange.stream("application/json");
    let cancelTimers: Cancel = () => undefined;
    let cancelReset: Cancel = () => undefined;
    const open = new WatchStream(bytes, encode, initial, () => {
      watches.delete(open);
      cancelTimers();
      watching[Symbol.dispose]();
      // Who does not even read what is left for him loses the connection.
      if (!bytes.destroyed) cancelReset = clock.after(UNREAD_MS, () => bytes.destroy());
    });
    watches.add(open);
    const seconds = query.timeoutSeconds || MIN_WATCH_SECONDS * (1 + random.next());
    const mark = query.allowWatchBookmarks ? () => watching.bookmark() : undefined;
    cancelTimers = watchTimers(clock, open, seconds * 1000, mark);
    bytes.on("close", () => {
      open.end();
      cancelReset();
    });
  }

  async create(request: ResourceRequest): Promise<void> {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), true);
    const options = parseWriteQuery(exchange.query, "CreateOptions");
    const object = await this.readObject(exchange, info, options.fieldValidation);
    const made = await this.#deps.registry.create(target(info, path), object, options, contextOf(request));
    await exchange.send(201, this.#deps.presenter.object(info, made, how, exchange.query));
  }

  async update(request: ResourceRequest): Promise<void> {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), true);
    const options = parseWriteQuery(exchange.query, "UpdateOptions");
    const object = await this.readObject(exchange, info, options.fieldValidation);
    const at = objectTarget(info, path);
    checkName(object, at);
    const update = {
      change: replacement(info, object),
      create: path.subresource === undefined && updateRules(info).allowCreate,
    };
    const done = await this.#deps.registry.update(at, update, options, contextOf(request));
    await exchange.send(done.created ? 201 : 200, this.#deps.presenter.object(info, done.object, how, exchange.query));
  }

  async patch(request: ResourceRequest): Promise<void> {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), true);
    const type = patchMediaType(exchange.header("content-type"), info);
    const options = parseWriteQuery(exchange.query, "PatchOptions", type === "apply");
    const at = objectTarget(info, path);
    const context = contextOf(request);
    const body = await exchange.body();
    const change =
      type === "apply"
        ? applyOf(at, body, options, context, this.#deps.clock)
        : patchOf(at, () => readPatch(type, body), {
            types: this.#deps.types,
            validation: options.fieldValidation,
            warn: context.warn,
          });
    const update = { change, create: type === "apply" && path.subresource === undefined };
    const done = await this.#deps.registry.update(at, update, options, context);
    await exchange.send(done.created ? 201 : 200, this.#deps.presenter.object(info, done.object, how, exchange.query));
  }

  async delete(request: ResourceRequest): Promise<void> {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), true);
    const options = await this.#deletionOf(exchange);
    warnOfOrphans(request, options);
    const at = objectTarget(info, path);
    const deleted = await this.#deps.registry.delete(at, options, contextOf(request));
    const accepted = !deleted.removed && options.orphanDependents === false;
    const body = deleted.returned
      ? this.#deps.presenter.object(info, deleted.object, how, exchange.query)
      : this.#deps.presenter.plain(successStatus(info, deleted.object), how);
    await exchange.send(accepted ? 202 : 200, body);
  }

  async deleteCollection(request: ResourceRequest): Promise<void> {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), true);
    const query = parseListQuery(exchange.query, false);
    const options = await this.#deletionOf(exchange);
    const listing = await this.#deps.registry.deleteCollection(target(info, path), query, options, contextOf(request));
    await exchange.send(200, this.#deps.presenter.list(info, listing, how, exchange.query));
  }

  #deletionOf(exchange: Exchange): Promise<DeletionOptions> {
    return parseDeletion(exchange, this.#deps.types);
  }

  /** Reads the body as an object of a kind; unknown and repeated fields are refused, warned of or ignored. */
  async readObject(exchange: Exchange, kind: KindInfo, validation: FieldValidation): Promise<KubeObject> {
    const media = bodyMediaType(exchange.header("content-type"));
    const { object, problems } = decodeObject(kind, await exchange.body(), media, this.#deps.types);
    if (problems.length > 0) {
      if (validation === "Strict") throw strictDecodingError(kind, problems);
      if (validation === "Warn") for (const warning of problemWarnings(problems)) exchange.warnings.add(warning);
    }
    return asObject(object);
  }
}

export function target(info: ResourceInfo, { namespace }: ResourcePath): Target {
  return { info, ...(namespace !== undefined && info.namespaced && { namespace }) };
}

export function objectTarget(info: ResourceInfo, path: ResourcePath): ObjectTarget {
  const { name, subresource } = path;
  if (name === undefined) throw noSuchPath();
  return { ...target(info, path), name, ...(subresource !== undefined && { subresource }) };
}

/** A watch of one object is a watch of the collection with a field selector. */
function oneObject(query: URLSearchParams, { name }: ResourcePath): URLSearchParams {
  if (name === undefined) return query;
  const narrowed = new URLSearchParams(query);
  const selector = query.get("fieldSelector");
  narrowed.set("fieldSelector", `${selector ? `${selector},` : ""}metadata.name=${name}`);
  return narrowed;
}

export function contextOf({ exchange, user }: Pick<ResourceRequest, "exchange" | "user">): RequestContext {
  return {
    user,
    manager: managerOf(exchange.header("user-agent")),
    warn: (text) => exchange.warnings.add(text),
  };
}

/** The manager of a request that names none: its User-Agent up to the first slash, as far as it can be printed. */
function managerOf(userAgent: string | undefined): string {
  const product = (userAgent ?? "").split("/", 1)[0] ?? "";
  return product.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "").slice(0, 128) || "unknown";
}

export function checkName({ metadata: { name } }: KubeObject, at: ObjectTarget): void {
  if (name === at.name) return;
  throw new StatusError(
    "BadRequest",
    name
      ? `the name of the object (${name}) does not match the name on the URL (${at.name})`
      : `the name of the object (${at.name} based on URL) was undeterminable: name must be provided`,
  );
}

/** Whether the patch itself can be read is told only when there is something to patch. */
function patchOf(at: ObjectTarget, read: () => ReadPatch, reading: PatchReading): Update["change"] {
  return (current) => {
    const object = patched(at.info, requireCurrent(current, at.info, at.name), read(), reading);
    checkName(object, at);
    return { object, tracked: false };
  };
}

function applyOf(
  at: ObjectTarget,
  body: Buffer,
  { fieldManager, fieldValidation, force }: WriteQuery,
  { manager, warn }: RequestContext,
  clock: Clock,
): Update["change"] {
  const { config, duplicates } = readConfiguration(body);
  if (duplicates.length > 0 && fieldValidation === "Strict")
    throw new StatusError("BadRequest", `error strict decoding YAML: ${duplicates.join("\n  ")}`);
  if (fieldValidation === "Warn") duplicates.forEach(warn);
  const { info, name, subresource } = at;
  const write = { info, manager: fieldManager ?? manager, ...(subresource !== undefined && { subresource }) };
  return (current) => {
    const applied = appliedTo({ ...write, now: clock.now() }, current, config, force);
    const object = applied.metadata.name ? applied : withMeta(applied, { name });
    checkName(object, at);
    const { uid } = object.metadata;
    if (!current && uid)
      throw conflict(
        info,
        name,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    return { object, tracked: true };
  };
}

function successStatus(info: ResourceInfo, { metadata: { name, uid } }: KubeObject): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name, ...(info.group !== "" && { group: info.group }), kind: info.plural, uid },
  };
}

const JOB_WARNING =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set " +
  "propagationPolicy=Orphan to suppress this warning";

function warnOfOrphans({ exchange, info }: ResourceRequest, options: DeletionOptions): void {
  if (info.group !== "batch" || info.plural !== "jobs") return;
  if (options.propagationPolicy === undefined && options.orphanDependents === undefined)
    exchange.warnings.add(JOB_WARNING);
}
