import type { Status } from "../../api/status-error.ts";
import { isNotFound } from "../../api/status-error.ts";
import { resourcePath } from "../../client/resource-path.ts";
import { AppError } from "../../lib/app-error.ts";
import { type JsonObject, objectOf, textOf } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import { throwAll, withSource } from "../error-text.ts";
import { type Cluster, type ClusterOptions, connect } from "./cluster.ts";
import { type DryRun, dryRunSuffix } from "./dry-run.ts";
import { printName } from "./object-printer.ts";
import {
  NO_RESOURCES,
  type SelectedObject,
  type Selection,
  selectObjects,
  type SelectionOptions,
} from "./selected-objects.ts";
import { typeName } from "./targets.ts";
import { withDeadline } from "./timeout.ts";
import { untilGone } from "./until-gone.ts";

export interface DeleteOptions extends ClusterOptions, SelectionOptions {
  readonly dryRun: DryRun;
  readonly wait: boolean;
  /** Milliseconds; 0: as long as it takes. */
  readonly timeout: number;
  readonly gracePeriod: number;
  readonly now?: boolean;
  readonly force?: boolean;
  readonly cascade: "background" | "foreground" | "orphan";
  readonly ignoreNotFound?: boolean;
  readonly output?: string;
}

const FORCE_WARNING =
  "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n";

interface Deleted extends SelectedObject {
  readonly uid: string;
}

/** `sluice delete`: `kubectl delete`. Waits until what it deleted is gone. */
export async function deleteObjects(context: Context, args: readonly string[], options: DeleteOptions): Promise<void> {
  if (!options.filename && args.length === 0) throw new AppError("usage", NO_RESOURCES);
  using cluster = await connect(context, options);
  const selection = await selectObjects(context, cluster, args, options, "mistake");
  if (cluster.namespaceIsGiven && selection.objects.some(({ resource }) => !resource.namespaced))
    context.stderr.write("Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n");
  if (options.force) context.stderr.write(FORCE_WARNING);
  const { deleted, errors } = await deleteAll(context, cluster, selection, options);
  if (selection.objects.length === 0 && errors.length === 0) context.stdout.write("No resources found\n");
  throwAll(errors);
  if (options.wait && options.dryRun === "none" && !options.force)
    await waitForAll(context, cluster, deleted, options.timeout);
}

async function deleteAll(
  context: Context,
  cluster: Cluster,
  { objects, errors: refused, searched }: Selection,
  options: DeleteOptions,
): Promise<{ readonly deleted: readonly Deleted[]; readonly errors: readonly Error[] }> {
  const errors = [...refused];
  const deleted: Deleted[] = [];
  const ignoresMissing = options.ignoreNotFound === true || searched;
  for (const one of objects) {
    try {
      deleted.push({ ...one, uid: await deleteOne(cluster, one, options) });
      context.stdout.write(told(one, options));
    } catch (error) {
      if (ignoresMissing && isNotFound(error)) continue;
      errors.push(one.source === undefined ? (error as Error) : withSource("deleting", one.source, error));
    }
  }
  return { deleted, errors };
}

/** Deletes the object and tells its uid, by which it is known from one of the same name that comes after it. */
async function deleteOne(cluster: Cluster, one: SelectedObject, options: DeleteOptions): Promise<string> {
  if (options.dryRun === "client") {
    const live = await cluster.client.get(one.resource, one.name, one.namespace);
    return live.metadata.uid;
  }
  const path = resourcePath(one.resource, { namespace: one.namespace, name: one.name });
  const answer = (await cluster.transport.json({
    method: "DELETE",
    path,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(deletion(options)),
  })) as Status | JsonObject;
  const { details } = answer as Status;
  return details?.uid ?? textOf(objectOf((answer as JsonObject)["metadata"])["uid"]);
}

function deletion({ cascade, dryRun, ...options }: DeleteOptions): object {
  const grace = graceOf(options);
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: { background: "Background", foreground: "Foreground", orphan: "Orphan" }[cascade],
    ...(grace >= 0 && { gracePeriodSeconds: grace }),
    ...(dryRun === "server" && { dryRun: ["All"] }),
  };
}

/** Seconds; negative: the object's own. Without --force, 0 becomes 1, so that nothing is taken off the books before it has ended. */
function graceOf({ gracePeriod, now, force }: Pick<DeleteOptions, "gracePeriod" | "now" | "force">): number {
  if (force) return 0;
  if (now) return 1;
  return gracePeriod === 0 ? 1 : gracePeriod;
}

function told(one: SelectedObject, options: DeleteOptions): string {
  if (options.output === "name") return printName(one.resource, one.name);
  const where = one.namespace === undefined ? "" : ` from ${one.namespace} namespace`;
  const forced = options.force ? "force deleted" : "deleted";
  return `${typeName(one.resource)} "${one.name}" ${forced}${where}${dryRunSuffix(options.dryRun)}\n`;
}

async function waitForAll(
  context: Context,
  cluster: Cluster,
  deleted: readonly Deleted[],
  timeout: number,
): Promise<void> {
  for (const one of deleted) {
    const what = `timed out waiting for the condition on ${one.resource.plural}/${one.name}`;
    await withDeadline(context, timeout, what, (signal) => untilGone(cluster, one, one.uid, signal));
  }
}
