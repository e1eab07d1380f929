import type { Pod } from "../../api/generated/core-v1.ts";
import { pods } from "../../api/generated/resources.ts";
import { isNotFound } from "../../api/status-error.ts";
import { resourcePath } from "../../client/resource-path.ts";
import { AppError } from "../../lib/app-error.ts";
import { formatLabelSelector, labelSelectorOf, type LabelSelectorObject } from "../../lib/label-selector.ts";
import { byLogging } from "./log-order.ts";
import type { Context } from "../context.ts";
import { type Cluster, type ClusterOptions, connect } from "./cluster.ts";
import { fetchObject } from "./selected-objects.ts";
import { targetsOf } from "./targets.ts";

export interface LogsOptions extends ClusterOptions {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly container?: string;
  readonly allContainers?: boolean;
  readonly selector?: string;
  /** Lines from the end; negative: all. */
  readonly tail?: number;
  /** Milliseconds. */
  readonly since?: number;
  readonly sinceTime?: string;
  readonly limitBytes?: number;
}

const USAGE = `expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.
POD or TYPE/NAME is a required argument for the logs command`;

/** Lines of each pod when several are found by a selector and nobody says how many. */
const SELECTED_TAIL = 10;

/** `sluice logs`: `kubectl logs`, of a pod, or of one pod of a workload, or of the pods of a selector. */
export async function logs(context: Context, args: readonly string[], options: LogsOptions): Promise<void> {
  using cluster = await connect(context, options);
  const chosen = await podsOf(context, cluster, args, options);
  for (const pod of chosen)
    for (const container of containersOf(context, pod, options))
      await copyLog(context, cluster, pod, container, options);
}

async function podsOf(
  context: Context,
  cluster: Cluster,
  args: readonly string[],
  options: LogsOptions,
): Promise<readonly Pod[]> {
  if (options.selector !== undefined && args.length === 0) return podsSelected(context, cluster, options.selector);
  const [first, container, ...more] = args;
  if (first === undefined || more.length > 0 || (container !== undefined && options.container !== undefined))
    throw new AppError("usage", USAGE);
  const [target] = targetsOf([first.includes("/") ? first : `pod/${first}`], await cluster.resources());
  if (!target?.name) throw new AppError("usage", USAGE);
  if (target.resource.plural === pods.plural) return [await cluster.client.get(pods, target.name, cluster.namespace)];
  const { resource, name } = target;
  const owner = await fetchObject(cluster, { resource, name, namespace: cluster.namespace }).catch((error: unknown) => {
    throw isNotFound(error)
      ? new AppError("not-found", `error from server (NotFound): ${error.message} in namespace "${cluster.namespace}"`)
      : error;
  });
  return [await onePod(context, cluster, selectorOf(owner["spec"]))];
}

/** The label selector of a workload, or the map that a Service has. */
function selectorOf(spec: unknown): string {
  const { selector } = (spec ?? {}) as { readonly selector?: LabelSelectorObject | Readonly<Record<string, string>> };
  if (!selector) throw new AppError("usage", "selector is empty: it has no pods");
  const isObject = "matchLabels" in selector || "matchExpressions" in selector;
  const object = isObject ? selector : { matchLabels: selector as Readonly<Record<string, string>> };
  return formatLabelSelector(labelSelectorOf(object as LabelSelectorObject));
}

async function onePod(context: Context, cluster: Cluster, labelSelector: string): Promise<Pod> {
  const { items } = await cluster.client.list(pods, { namespace: cluster.namespace, labelSelector });
  const [pod] = [...items].sort(byLogging);
  if (!pod) throw new AppError("no-pods", `no pods found for selector ${labelSelector}`);
  if (items.length > 1) context.stderr.write(`Found ${items.length} pods, using pod/${pod.metadata.name}\n`);
  return pod;
}

async function podsSelected(context: Context, cluster: Cluster, labelSelector: string): Promise<readonly Pod[]> {
  const { items } = await cluster.client.list(pods, { namespace: cluster.namespace, labelSelector });
  if (items.length === 0) context.stderr.write(`No resources found in ${cluster.namespace} namespace.\n`);
  return items;
}

function containersOf(context: Context, { metadata, spec }: Pod, options: LogsOptions): readonly string[] {
  const names = [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);
  if (options.allContainers) return names;
  if (options.container !== undefined) {
    if (names.includes(options.container)) return [options.container];
    throw new AppError("usage", `container ${options.container} is not valid for pod ${metadata.name}`);
  }
  const annotated = metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  if (annotated !== undefined && names.includes(annotated)) return [annotated];
  const [first = ""] = spec.containers.map(({ name }) => name);
  if (names.length > 1) {
    const all = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
    context.stderr.write(`Defaulted container "${first}" out of: ${all.join(", ")}\n`);
  }
  return [first];
}

async function copyLog(
  context: Context,
  cluster: Cluster,
  pod: Pod,
  container: string,
  options: LogsOptions,
): Promise<void> {
  const { name, namespace } = pod.metadata;
  const path = resourcePath(pods, { namespace, name, subresource: "log" }, queryOf(container, options));
  const { signal } = context;
  try {
    const headers = { accept: "*/*" };
    const request = { method: "GET", path, headers, signal, streaming: true };
    const response = await cluster.transport.successful(request);
    for await (const chunk of response as AsyncIterable<Buffer>) context.stdout.write(chunk.toString("utf8"));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function queryOf(container: string, options: LogsOptions): URLSearchParams {
  const query = new URLSearchParams({ container });
  const tail = options.tail ?? (options.selector === undefined ? -1 : SELECTED_TAIL);
  if (options.follow) query.set("follow", "true");
  if (options.previous) query.set("previous", "true");
  if (options.timestamps) query.set("timestamps", "true");
  if (tail >= 0) query.set("tailLines", String(tail));
  if (options.since !== undefined) query.set("sinceSeconds", String(Math.ceil(options.since / 1000)));
  if (options.sinceTime !== undefined) query.set("sinceTime", options.sinceTime);
  if (options.limitBytes !== undefined) query.set("limitBytes", String(options.limitBytes));
  return query;
}
