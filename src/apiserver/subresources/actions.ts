import type { Binding, Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { TypeTable } from "../../api/table/type-table.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { ServiceAccountTokens } from "../auth/service-account-token.ts";
import type { DeletionOptions } from "../registry/deletion.ts";
import { notFound } from "../registry/failures.ts";
import type { ObjectTarget, Registry } from "../registry/registry.ts";
import type { RequestContext, WriteOptions } from "../registry/request-context.ts";
import { bound } from "./binding.ts";
import { budgetOf, type DisruptionBudget, spent } from "./eviction.ts";
import { requestToken, type TokenRequest } from "./token-request.ts";

/** A POST to a subresource that does something. `body`: decoded. Returns the document of the answer. */
export type Action = (
  target: ObjectTarget,
  body: KubeObject,
  options: WriteOptions,
  context: RequestContext,
) => Promise<object>;

interface Eviction extends KubeObject {
  readonly deleteOptions?: Partial<DeletionOptions>;
}

const CREATED = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

/** The actions by `group/plural/subresource`. */
export function actions(
  registry: Registry,
  types: TypeTable,
  tokens: ServiceAccountTokens,
  clock: Clock,
  random: Random,
): ReadonlyMap<string, Action> {
  const bind: Action = async (target, body, options, context) => {
    checkBodyName(body, target.name, "Binding");
    const binding = body as Binding;
    await registry.modify(target, (pod) => bound(pod, binding, clock.now()), options, context);
    return CREATED;
  };

  const evict: Action = async (target, body, options, context) => {
    checkBodyName(body, target.name, "Eviction");
    const pod = registry.get(target) as Pod & KubeObject;
    const { deleteOptions } = body as Eviction;
    const dryRun = options.dryRun || Boolean(deleteOptions?.dryRun);
    if (isProtected(pod)) await spend(target, pod, { ...options, dryRun }, context);
    await registry.delete(target, { ...deleteOptions, dryRun }, context);
    return CREATED;
  };

  /** Takes the pod out of its budget, which another eviction may do at the same time. */
  async function spend(
    target: ObjectTarget,
    pod: KubeObject,
    options: WriteOptions,
    context: RequestContext,
  ): Promise<void> {
    const info = types.find("policy", "v1", "poddisruptionbudgets");
    const { namespace } = target;
    const budget = budgetOf(pod, registry.view.list("policy/poddisruptionbudgets", namespace));
    if (!budget || !info) return;
    const at = { info, name: budget.metadata.name, ...(namespace !== undefined && { namespace }) };
    const change = (newest: KubeObject): KubeObject =>
      spent(newest as DisruptionBudget, pod.metadata.name, clock.now());
    await registry.modify(at, change, options, context);
  }

  const issue: Action = (target, body) =>
    Promise.resolve(requestToken(registry.get(target), body as TokenRequest, tokens, registry.view, random.uuid()));

  return new Map([
    ["/pods/binding", bind],
    ["/pods/eviction", evict],
    ["/serviceaccounts/token", issue],
  ]);
}

/** Pods that have ended, are not placed yet or go already need no budget's permission. */
function isProtected({ metadata, status }: Pod & KubeObject): boolean {
  const phase = status?.phase;
  return phase !== "Succeeded" && phase !== "Failed" && phase !== "Pending" && metadata.deletionTimestamp === undefined;
}

function checkBodyName({ metadata }: KubeObject, name: string, kind: string): void {
  if (metadata.name !== name) throw new StatusError("BadRequest", `name in URL does not match name in ${kind} object`);
}

/** The pod that a Binding posted to the collection `bindings` is about. */
export function boundPod(types: TypeTable, namespace: string | undefined, { metadata }: KubeObject): ObjectTarget {
  const info = types.find("", "v1", "pods");
  if (!info) throw notFound({ group: "", plural: "pods" }, metadata.name);
  return { info, name: metadata.name, ...(namespace !== undefined && { namespace }), subresource: "binding" };
}
