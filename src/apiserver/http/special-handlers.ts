import type { KubeObject } from "../../api/object.ts";
import type { KindInfo, TypeTable } from "../../api/table/type-table.ts";
import type { Review } from "../auth/reviews.ts";
import type { KeyPair } from "../pki/certificate.ts";
import { methodNotAllowed, noSuchPath } from "../registry/failures.ts";
import { patched, readPatch } from "../registry/patching.ts";
import type { Registry } from "../registry/registry.ts";
import { type Action, boundPod } from "../subresources/actions.ts";
import { openKubeletLog } from "../subresources/kubelet-log.ts";
import { logLocation } from "../subresources/log-location.ts";
import { parseLogOptions } from "../subresources/log-options.ts";
import { SCALE, type Scale, scaleChange, scaleOf } from "../subresources/scale.ts";
import { patchMediaType } from "./media-type.ts";
import { negotiate } from "./negotiation.ts";
import type { Presenter } from "./presenter.ts";
import type { SpecialHandler } from "./request-router.ts";
import { checkName, contextOf, objectTarget, type ResourceHandler, type ResourceRequest } from "./resource-handler.ts";
import { parseWriteQuery } from "./write-options.ts";

export interface SpecialDeps {
  readonly registry: Registry;
  readonly types: TypeTable;
  readonly presenter: Presenter;
  readonly resources: ResourceHandler;
  readonly reviews: ReadonlyMap<string, Review>;
  readonly actions: ReadonlyMap<string, Action>;
  /** With which the API server calls kubelets. */
  readonly kubeletClient: KeyPair;
  /** Logs that are being followed; all are aborted when the server shuts down. */
  readonly streams: Set<AbortController>;
}

/** Kinds whose size can be asked and set, by `group/plural`. */
const SCALABLE = ["apps/deployments", "apps/replicasets", "apps/statefulsets", "/replicationcontrollers"];

/** What is served by code of its own, by `group/plural` and `group/plural/subresource`. */
export function specialHandlers(deps: SpecialDeps): ReadonlyMap<string, SpecialHandler> {
  return new Map<string, SpecialHandler>([
    ...[...deps.reviews].map(([name, review]) => [name, reviewHandler(deps, review)] as const),
    ...[...deps.actions].map(([name, action]) => [name, actionHandler(deps, action)] as const),
    ...SCALABLE.map((name) => [`${name}/scale`, scaleHandler(deps)] as const),
    ["/bindings", bindingsHandler(deps)],
    ["/pods/log", logHandler(deps)],
    ["/namespaces/finalize", finalizeHandler(deps)],
  ]);
}

function reviewHandler({ resources, presenter }: SpecialDeps, review: Review): SpecialHandler {
  return async ({ exchange, info, user, path }) => {
    const how = negotiate(exchange.header("accept"), false);
    const { fieldValidation } = parseWriteQuery(exchange.query, "CreateOptions");
    const body = await resources.readObject(exchange, info, fieldValidation);
    await exchange.send(201, presenter.plain(review(body, user, path.namespace), how));
  };
}

function actionHandler(deps: SpecialDeps, action: Action): SpecialHandler {
  const { resources, presenter, types } = deps;
  return async (request) => {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), false);
    const options = parseWriteQuery(exchange.query, "CreateOptions");
    const body = await resources.readObject(exchange, kindOf(types, request), options.fieldValidation);
    const answer = await action(objectTarget(info, path), body, options, contextOf(request));
    await exchange.send(201, presenter.plain(answer, how));
  };
}

/** The old way to bind a pod: a Binding posted to a collection of its own. */
function bindingsHandler({ resources, presenter, types, actions }: SpecialDeps): SpecialHandler {
  return async (request) => {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), false);
    const options = parseWriteQuery(exchange.query, "CreateOptions");
    const body = await resources.readObject(exchange, info, options.fieldValidation);
    const bind = actions.get("/pods/binding");
    if (!bind) throw noSuchPath();
    const answer = await bind(boundPod(types, path.namespace, body), body, options, contextOf(request));
    await exchange.send(201, presenter.plain(answer, how));
  };
}

/** The kind that a subresource takes. */
function kindOf(types: TypeTable, { info, path }: ResourceRequest): KindInfo {
  const sub = info.subresources.find(({ name }) => name === path.subresource);
  if (!sub) throw noSuchPath();
  const kind = types.findType(sub.group === "" ? sub.version : `${sub.group}/${sub.version}`, sub.kind);
  if (!kind) throw new Error(`the table does not know ${sub.group}/${sub.version} ${sub.kind}`);
  return kind;
}

function scaleHandler(deps: SpecialDeps): SpecialHandler {
  const { registry, presenter, resources, types } = deps;
  return async (request, verb) => {
    const { exchange, info, path } = request;
    const how = negotiate(exchange.header("accept"), true);
    const target = objectTarget(info, path);
    const kind = kindOf(types, request);
    const answer = (object: KubeObject): Promise<void> =>
      exchange.send(200, presenter.object(SCALE, scaleOf(object), how, exchange.query));
    const update = async (change: (scale: Scale) => Scale, dryRun: boolean, fieldManager?: string): Promise<void> => {
      const options = { dryRun, ...(fieldManager !== undefined && { fieldManager }) };
      const wanted = { change: scaleChange(target, change), create: false };
      const { object } = await registry.update(target, wanted, options, contextOf(request));
      await answer(object);
    };
    if (verb === "get") return answer(registry.get(target));
    if (verb === "update") {
      const options = parseWriteQuery(exchange.query, "UpdateOptions");
      const scale = await resources.readObject(exchange, kind, options.fieldValidation);
      checkName(scale, target);
      return update(() => scale as Scale, options.dryRun, options.fieldManager);
    }
    const type = patchMediaType(exchange.header("content-type"), info);
    if (type === "apply") throw methodNotAllowed();
    const options = parseWriteQuery(exchange.query, "PatchOptions");
    const patch = readPatch(type, await exchange.body());
    const reading = { types, validation: options.fieldValidation, warn: contextOf(request).warn };
    const change = (scale: Scale): Scale => {
      const changed = patched(kind, scale, patch, reading) as Scale;
      checkName(changed, target);
      return changed;
    };
    return update(change, options.dryRun, options.fieldManager);
  };
}

/** Takes names off the finalizers of a namespace, the last of which lets it go. */
function finalizeHandler({ resources }: SpecialDeps): SpecialHandler {
  return (request) => resources.update(request);
}

function logHandler({ registry, kubeletClient, streams }: SpecialDeps): SpecialHandler {
  return async ({ exchange, info, path }) => {
    const target = objectTarget(info, path);
    const options = parseLogOptions(exchange.query, target.name);
    const pod = registry.get(target);
    const location = logLocation(pod, options.container, registry.view);
    if (!location) return exchange.sendText(200, "");
    const abort = new AbortController();
    streams.add(abort);
    exchange.onClose(() => abort.abort());
    try {
      const log = await openKubeletLog(location, options.query, kubeletClient, target.name, abort.signal);
      await exchange.pipe("text/plain", log);
    } catch (error) {
      // The reader has gone, or the server closes.
      if (!abort.signal.aborted) throw error;
      exchange.abort();
    } finally {
      streams.delete(abort);
    }
  };
}
