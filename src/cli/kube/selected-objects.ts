import type { KubeObject } from "../../api/object.ts";
import { AppError } from "../../lib/app-error.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import type { Cluster } from "./cluster.ts";
import type { DiscoveredResource } from "./discovered.ts";
import { type FileOptions, readManifestFiles } from "./manifest-files.ts";
import { targetsOf } from "./targets.ts";

/** One object that a command works on: named by arguments or a file, or found by a selector. */
export interface SelectedObject {
  readonly resource: DiscoveredResource;
  readonly name: string;
  readonly namespace: string | undefined;
  /** The file that names it. */
  readonly source?: string;
}

export interface SelectionOptions extends FileOptions {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly all?: boolean;
  readonly allNamespaces?: boolean;
}

export interface Selection {
  readonly objects: readonly SelectedObject[];
  /** What could not be selected; the rest is worked on all the same. */
  readonly errors: readonly Error[];
  /** Whether the objects were looked for and not named: then finding none is no error. */
  readonly searched: boolean;
}

/** The object as the server has it, to be read as JSON. */
export type LiveObject = KubeObject & JsonObject;

/**
 * The objects that -f, or TYPE and names, or TYPE with a selector or --all mean. `bare` says what TYPE alone means: all objects
 * (as for `rollout status`), or a mistake (as for `delete`).
 */
export async function selectObjects(
  context: Context,
  cluster: Cluster,
  args: readonly string[],
  options: SelectionOptions,
  bare: "all" | "mistake",
): Promise<Selection> {
  if (options.filename) {
    const { isObject, manifestObjects } = await import("./manifest.ts");
    const objects = await manifestObjects(await readManifestFiles(options, context.stdin), cluster);
    return {
      objects: objects.filter(isObject),
      errors: objects.filter((each) => each instanceof Error),
      searched: false,
    };
  }
  const targets = targetsOf(args, await cluster.resources());
  const selects = options.selector !== undefined || options.fieldSelector !== undefined || options.all === true;
  const named = targets.filter(({ name }) => name !== undefined);
  if (selects && named.length > 0) throw new AppError("usage", "name cannot be provided when a selector is specified");
  if (!selects && named.length === 0 && bare === "mistake")
    throw new AppError("usage", "resource(s) were provided, but no name was specified");
  const objects: SelectedObject[] = [];
  for (const { resource, name } of targets) {
    const namespace = resource.namespaced && !options.allNamespaces ? cluster.namespace : undefined;
    if (name !== undefined) objects.push({ resource, name, namespace });
    else objects.push(...(await found(cluster, resource, namespace, options)));
  }
  return { objects, errors: [], searched: named.length === 0 };
}

async function found(
  cluster: Cluster,
  resource: DiscoveredResource,
  namespace: string | undefined,
  { selector, fieldSelector }: SelectionOptions,
): Promise<readonly SelectedObject[]> {
  const { items } = await cluster.client.list(resource, {
    ...(namespace !== undefined && { namespace }),
    ...(selector !== undefined && { labelSelector: selector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  });
  return items.map(({ metadata }) => ({ resource, name: metadata.name, namespace: metadata.namespace }));
}

export function fetchObject(cluster: Cluster, { resource, name, namespace }: SelectedObject): Promise<LiveObject> {
  return cluster.client.get(resource, name, namespace) as Promise<LiveObject>;
}

/** For commands whose arguments must name objects: the first word of `usage` names the command. */
export const NO_RESOURCES = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;
