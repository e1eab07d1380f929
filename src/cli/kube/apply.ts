import type { KubeObject } from "../../api/object.ts";
import { createMergeThreeWayPatch, createStrategicThreeWayPatch } from "../../api/patch/three-way.ts";
import { apiVersionOf } from "../../api/resource.ts";
import { isConflict, isNotFound, StatusError } from "../../api/status-error.ts";
import { builtinTypes } from "../../api/table/builtin.ts";
import type { Patch, WriteOptions } from "../../client/api-client.ts";
import { AppError } from "../../lib/app-error.ts";
import { encodeGoJson } from "../../lib/go-format.ts";
import type { JsonObject } from "../../lib/json.ts";
import { matchesLabels, parseLabelSelector } from "../../lib/label-selector.ts";
import type { Context } from "../context.ts";
import { restated, throwAll, withSource } from "../error-text.ts";
import { type Cluster, type ClusterOptions, connect } from "./cluster.ts";
import { type DryRun, dryRunSuffix } from "./dry-run.ts";
import { LAST_APPLIED, lastApplied, withLastApplied } from "./last-applied.ts";
import { isObject, type ManifestObject, manifestObjects } from "./manifest.ts";
import { type FileOptions, readManifestFiles } from "./manifest-files.ts";
import { listOf, objectPrinter, printName, withoutManagedFields } from "./object-printer.ts";
import { displayName } from "./targets.ts";

export interface ApplyOptions extends ClusterOptions, FileOptions {
  readonly dryRun: DryRun;
  readonly serverSide?: boolean;
  readonly forceConflicts?: boolean;
  readonly fieldManager?: string;
  readonly selector?: string;
  readonly output?: string;
  /** What is done about fields that the server does not know. */
  readonly validate: "Strict" | "Warn" | "Ignore";
}

/** The owner of what client-side apply writes: kubectl's own name, so that both can be used on one object. */
const CLIENT_SIDE = "kubectl-client-side-apply";
const SERVER_SIDE = "kubectl";

/** How often a patch is made anew when somebody else was faster. */
const ATTEMPTS = 5;

interface Applied {
  readonly verb: "created" | "configured" | "unchanged" | "serverside-applied";
  readonly object: JsonObject;
}

/**
 * `sluice apply`: `kubectl apply`, client-side by a three-way patch against the manifest that was applied last, or
 * server-side. What cannot be applied does not keep the rest from being applied.
 */
export async function apply(context: Context, options: ApplyOptions): Promise<void> {
  if (!options.filename) throw new AppError("usage", "must specify one of -f and -k");
  using cluster = await connect(context, options);
  const files = await readManifestFiles(options, context.stdin);
  const objects = await manifestObjects(files, cluster);
  const chosen = objects.filter(isObject).filter(selectedBy(options.selector));
  const errors: Error[] = objects.filter((each) => each instanceof Error);
  const applier = new Applier(context, cluster, options);
  const results: JsonObject[] = [];
  for (const one of chosen) {
    try {
      const applied = await applier.apply(one);
      if (options.output === undefined)
        context.stdout.write(`${displayName(one.resource, one.name)} ${applied.verb}${dryRunSuffix(options.dryRun)}\n`);
      else if (options.output === "name") context.stdout.write(printName(one.resource, one.name));
      else results.push(withoutManagedFields(applied.object));
    } catch (error) {
      errors.push(error as Error);
    }
  }
  if (chosen.length === 0 && errors.length === 0) throw new AppError("no-manifest", "no objects passed to apply");
  const [first] = results;
  if (first) {
    const printer = await objectPrinter(options.output ?? "");
    context.stdout.write(printer.print(results.length === 1 ? first : listOf(results)));
  }
  throwAll(errors);
}

function selectedBy(selector: string | undefined): (one: ManifestObject) => boolean {
  if (selector === undefined) return () => true;
  const wanted = parseLabelSelector(selector);
  return ({ object }) => {
    const { labels } = object["metadata"] as { readonly labels?: Readonly<Record<string, string>> };
    return matchesLabels(wanted, labels);
  };
}

class Applier {
  readonly #context: Context;
  readonly #cluster: Cluster;
  readonly #options: ApplyOptions;
  readonly #types = builtinTypes();

  constructor(context: Context, cluster: Cluster, options: ApplyOptions) {
    this.#context = context;
    this.#cluster = cluster;
    this.#options = options;
  }

  apply(one: ManifestObject): Promise<Applied> {
    return this.#options.serverSide ? this.#onServer(one) : this.#onClient(one);
  }

  async #onClient(one: ManifestObject): Promise<Applied> {
    const modified = withLastApplied(one.object);
    const live = await this.#live(one);
    if (!live) return { verb: "created", object: await this.#create(one, modified) };
    this.#warnOfMissingAnnotation(one, live);
    return this.#patch(one, modified, live);
  }

  async #live(one: ManifestObject): Promise<JsonObject | undefined> {
    try {
      if (one.name === "") throw new AppError("manifest", "resource name may not be empty");
      return (await this.#cluster.client.get(one.resource, one.name, one.namespace)) as KubeObject & JsonObject;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      const words = `error when retrieving current configuration of:\n${describe(one)}\nfrom server for: "${one.source}":`;
      throw restated(error, (message) => `${words} ${message}`);
    }
  }

  async #create(one: ManifestObject, modified: JsonObject): Promise<JsonObject> {
    if (this.#options.dryRun === "client") return modified;
    try {
      return (await this.#cluster.client.create(
        one.resource,
        modified as KubeObject & JsonObject,
        this.#writing(CLIENT_SIDE),
      )) as KubeObject & JsonObject;
    } catch (error) {
      throw withSource("creating", one.source, error);
    }
  }

  async #patch(one: ManifestObject, modified: JsonObject, found: JsonObject): Promise<Applied> {
    let live = found;
    for (let attempt = 1; ; attempt++) {
      const patch = this.#changes(one, modified, live);
      if (Object.keys(patch.body as object).length === 0) return { verb: "unchanged", object: live };
      if (this.#options.dryRun === "client") return { verb: "configured", object: modified };
      try {
        const { client } = this.#cluster;
        const object = await client.patch(one.resource, one.name, one.namespace, patch, this.#writing(CLIENT_SIDE));
        return { verb: "configured", object: object as KubeObject & JsonObject };
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS) throw refusedPatch(one, patch, error);
      }
      live = (await this.#live(one)) ?? {};
    }
  }

  /** Strategic for the kinds whose type is known here; custom kinds have none. */
  #changes(one: ManifestObject, modified: JsonObject, current: JsonObject): Patch & { readonly body: unknown } {
    const type = this.#types.findKind(apiVersionOf(one.resource), one.resource.kind);
    const ways = { original: lastApplied(current), modified, current };
    return type && !type.custom
      ? { type: "strategic", body: createStrategicThreeWayPatch(ways, type.schema) }
      : { type: "merge", body: createMergeThreeWayPatch(ways) };
  }

  async #onServer(one: ManifestObject): Promise<Applied> {
    if (this.#options.dryRun === "client")
      throw new AppError(
        "usage",
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
      );
    const force = this.#options.forceConflicts === true;
    const { client } = this.#cluster;
    const patch: Patch = { type: "apply", body: one.object };
    try {
      const options = { ...this.#writing(SERVER_SIDE), force };
      const object = await client.patch(one.resource, one.name, one.namespace, patch, options);
      return { verb: "serverside-applied", object: object as KubeObject & JsonObject };
    } catch (error) {
      throw isConflict(error) ? new AppError("conflict", `${error.message}\n${CONFLICT_ADVICE}`) : error;
    }
  }

  #writing(manager: string): WriteOptions {
    const { fieldManager = manager, dryRun, validate } = this.#options;
    return { fieldManager, fieldValidation: validate, dryRun: dryRun === "server" };
  }

  #warnOfMissingAnnotation({ resource, name }: ManifestObject, live: JsonObject): void {
    const { annotations = {} } = live["metadata"] as { readonly annotations?: Readonly<Record<string, string>> };
    if (annotations[LAST_APPLIED] !== undefined) return;
    this.#context.stderr.write(
      `Warning: resource ${resource.plural}/${name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
}

const CONFLICT_ADVICE = `Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

function refusedPatch(one: ManifestObject, patch: Patch, error: unknown): Error {
  if (error instanceof StatusError && error.reason === "Invalid") return error;
  const told = withSource("patching", one.source, error);
  const words = `error when applying patch:\n${encodeGoJson(patch.body as JsonObject)}\nto:\n${describe(one)}\nfor: "${one.source}":`;
  return restated(told, (message) => `${words} ${message}`);
}

function describe({ resource, name, namespace = "" }: ManifestObject): string {
  const { group, version, plural, kind } = resource;
  const type = `${group}/${version}`;
  return `Resource: "${type}, Resource=${plural}", GroupVersionKind: "${type}, Kind=${kind}"\nName: "${name}", Namespace: "${namespace}"`;
}
