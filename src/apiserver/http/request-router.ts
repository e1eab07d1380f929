import { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo, TypeTable } from "../../api/table/type-table.ts";
import { requiredFieldValue, parseFieldSelector } from "../../lib/field-selector.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import type { ResourceAccess } from "../auth/rbac.ts";
import type { User } from "../auth/user.ts";
import { methodNotAllowed, noSuchPath } from "../registry/failures.ts";
import type { Exchange } from "./exchange.ts";
import type { PlainPaths } from "./plain-paths.ts";
import { parseRequestPath, type ResourcePath } from "./request-path.ts";
import type { ResourceHandler, ResourceRequest } from "./resource-handler.ts";

/** A part of a resource, or a resource without storage, that is served by code of its own. */
export type SpecialHandler = (request: ResourceRequest, verb: Verb) => Promise<void>;

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

export interface RouterDeps {
  readonly types: TypeTable;
  readonly authorizer: Authorizer;
  readonly resources: ResourceHandler;
  readonly plain: PlainPaths;
  /** By `group/plural` or `group/plural/subresource`. */
  readonly special: ReadonlyMap<string, SpecialHandler>;
}

const VERBS: Readonly<Record<string, readonly [one: Verb, all: Verb]>> = {
  GET: ["get", "list"],
  HEAD: ["get", "list"],
  POST: ["create", "create"],
  PUT: ["update", "update"],
  PATCH: ["patch", "patch"],
  DELETE: ["delete", "deletecollection"],
};

/** What users of old kinds are told. https://kubernetes.io/docs/reference/using-api/deprecation-policy/ */
const DEPRECATED: Readonly<Record<string, string>> = {
  "/v1 Endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  "/v1 ComponentStatus": "v1 ComponentStatus is deprecated in v1.19+",
};

/** Subresources that show and change the object itself. */
const PARTS: ReadonlySet<string> = new Set(["status"]);

/** Finds out what a request asks for, whether its user may, and who serves it. */
export class RequestRouter {
  readonly #deps: RouterDeps;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
  }

  async serve(exchange: Exchange, user: User): Promise<void> {
    const path = parseRequestPath(exchange.path);
    if (path.kind === "plain") {
      this.#deps.authorizer.authorize(user, { verb: exchange.method.toLowerCase(), path: exchange.path });
      return this.#deps.plain.serve(exchange);
    }
    const verb = verbOf(exchange, path);
    this.#deps.authorizer.authorize(user, accessOf(exchange, path, verb ?? exchange.method.toLowerCase()));
    const info = this.#deps.types.find(path.group, path.version, path.resource);
    if (!info) return this.#unknown(exchange, path);
    const deprecation = DEPRECATED[`${info.group}/${info.version} ${info.kind}`];
    if (deprecation !== undefined) exchange.warnings.add(deprecation);
    const request: ResourceRequest = { exchange, path, info, user };
    const serve = this.#handlerOf(request, verb);
    await serve(request);
  }

  #unknown(exchange: Exchange, { group }: ResourcePath): Promise<void> {
    if (this.#deps.types.groups.some(({ name }) => name === group)) throw noSuchPath();
    return exchange.sendText(404, "404 page not found\n");
  }

  #handlerOf({ path, info }: ResourceRequest, verb: Verb | undefined): (request: ResourceRequest) => Promise<void> {
    const { special, resources } = this.#deps;
    checkScope(info, path);
    const served = verbsAt(info, path);
    if (!verb || !served.includes(verb === "watch" ? "list" : verb)) throw methodNotAllowed();
    const name = [info.group, info.plural, ...(path.subresource === undefined ? [] : [path.subresource])].join("/");
    const own = special.get(name);
    if (own) return (request) => own(request, verb);
    if (path.subresource !== undefined && !PARTS.has(path.subresource))
      throw new StatusError("", `${info.plural}/${path.subresource} is not served by this server`, undefined, 501);
    return HANDLERS[verb](resources);
  }
}

const HANDLERS: Readonly<Record<Verb, (handler: ResourceHandler) => (request: ResourceRequest) => Promise<void>>> = {
  get: (handler) => (request) => handler.get(request),
  list: (handler) => (request) => handler.list(request),
  watch: (handler) => (request) => handler.list(request),
  create: (handler) => (request) => handler.create(request),
  update: (handler) => (request) => handler.update(request),
  patch: (handler) => (request) => handler.patch(request),
  delete: (handler) => (request) => handler.delete(request),
  deletecollection: (handler) => (request) => handler.deleteCollection(request),
};

function verbOf({ method, query }: Exchange, { name, watch }: ResourcePath): Verb | undefined {
  if (watch) return method === "GET" ? "watch" : undefined;
  const verb = VERBS[method]?.[name === undefined ? 1 : 0];
  if (method === "HEAD") return undefined;
  const asked = query.get("watch");
  return verb === "list" && asked !== null && asked !== "false" && asked !== "0" ? "watch" : verb;
}

/** What the authorizer is asked. A list of one object by its name is about that object. */
function accessOf({ query }: Exchange, path: ResourcePath, verb: string): ResourceAccess {
  const { group, resource, subresource, namespace } = path;
  const name = path.name ?? nameOfSelector(query.get("fieldSelector"), verb);
  return {
    verb,
    group,
    resource,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

function nameOfSelector(selector: string | null, verb: string): string | undefined {
  if (!selector || !(verb === "list" || verb === "watch" || verb === "deletecollection")) return undefined;
  try {
    return requiredFieldValue(parseFieldSelector(selector), "metadata.name");
  } catch {
    return undefined; // the list itself will say what is wrong with it
  }
}

/** A cluster-scoped resource has no namespace in its path; a namespaced one needs it for everything but lists. */
function checkScope(info: ResourceInfo, { namespace, name, resource }: ResourcePath): void {
  if (!info.namespaced && namespace !== undefined && resource !== "namespaces") throw noSuchPath();
  if (info.namespaced && namespace === undefined && name !== undefined) throw noSuchPath();
}

/** The verbs that may be used at this place. */
function verbsAt(info: ResourceInfo, { namespace, name, subresource }: ResourcePath): readonly string[] {
  if (subresource !== undefined) {
    const sub = info.subresources.find((candidate) => candidate.name === subresource);
    if (!sub) throw noSuchPath();
    return sub.verbs;
  }
  if (name !== undefined) return info.verbs.filter((verb) => verb !== "create" && verb !== "deletecollection");
  if (info.namespaced && namespace === undefined) return info.verbs.filter((verb) => verb === "list");
  return info.verbs.filter((verb) => verb === "create" || verb === "list" || verb === "deletecollection");
}
