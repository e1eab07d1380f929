import { isNotFound, StatusError } from "../../api/status-error.ts";
import { jsonLines } from "../../client/json-lines.ts";
import { resourcePath } from "../../client/resource-path.ts";
import { AppError } from "../../lib/app-error.ts";
import { arrayOf, isJsonObject, type JsonObject, objectOf, textOf } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import { restated, throwAll } from "../error-text.ts";
import { type Cluster, type ClusterOptions, connect } from "./cluster.ts";
import type { DiscoveredResource } from "./discovered.ts";
import { type FileOptions, readManifestFiles } from "./manifest-files.ts";
import {
  isTable,
  listOf,
  type ObjectPrinter,
  objectPrinter,
  printName,
  withoutManagedFields,
} from "./object-printer.ts";
import { ColumnWriter, type ServerTable, TABLE_TYPE, tableLines, type TableStyle } from "./server-table.ts";
import { sortBy } from "./sort-by.ts";
import { type Target, targetsOf, typeName } from "./targets.ts";

export interface GetOptions extends ClusterOptions, FileOptions {
  readonly output?: string;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
  readonly watchOnly?: boolean;
  readonly headers: boolean;
  readonly showLabels?: boolean;
  readonly labelColumns?: readonly string[];
  readonly showManagedFields?: boolean;
  readonly ignoreNotFound?: boolean;
  /** Path to the value by which the objects are sorted. */
  readonly sortBy?: string;
  /** Path and query of whatever the server has there, shown as it comes. */
  readonly raw?: string;
}

const TYPE_NEEDED =
  'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n';
const NOTHING_NAMED = `Required resource not specified.
Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
See 'kubectl get -h' for help and examples`;

/** What is got: a target, in a namespace unless it is of all namespaces or of none. */
interface Wanted extends Target {
  readonly namespace: string | undefined;
}

/** `sluice get`: what `kubectl get` prints, as tables made by the server or as whole objects. */
export async function get(context: Context, args: readonly string[], options: GetOptions): Promise<void> {
  using cluster = await connect(context, options);
  if (options.raw !== undefined) {
    const headers = { accept: "*/*" };
    context.stdout.write(await cluster.transport.text({ method: "GET", path: options.raw, headers }));
    return;
  }
  const wanted = await wantedOf(context, cluster, args, options);
  const getter = new Getter(context, cluster, options);
  if (options.watch || options.watchOnly) await getter.watch(wanted);
  else if (isTable(options.output)) await getter.tables(wanted);
  else await getter.objects(wanted);
}

async function wantedOf(
  context: Context,
  cluster: Cluster,
  args: readonly string[],
  options: GetOptions,
): Promise<readonly Wanted[]> {
  if (options.filename) {
    const files = await readManifestFiles(options, context.stdin);
    const { isObject, manifestObjects } = await import("./manifest.ts");
    const objects = await manifestObjects(files, cluster);
    throwAll(objects.filter((each) => each instanceof Error));
    return objects.filter(isObject);
  }
  if (args.length === 0) {
    context.stderr.write(TYPE_NEEDED);
    throw new AppError("usage", NOTHING_NAMED);
  }
  const targets = targetsOf(args, await cluster.resources());
  const selects = options.selector !== undefined || options.fieldSelector !== undefined;
  if (selects && targets.some(({ name }) => name !== undefined))
    throw new AppError("usage", "name cannot be provided when a selector is specified");
  if (options.allNamespaces && targets.some(({ name }) => name !== undefined))
    throw new AppError("usage", "a resource cannot be retrieved by name across all namespaces");
  return targets.map((target) => ({
    ...target,
    namespace: target.resource.namespaced && !options.allNamespaces ? cluster.namespace : undefined,
  }));
}

class Getter {
  readonly #context: Context;
  readonly #cluster: Cluster;
  readonly #options: GetOptions;

  constructor(context: Context, cluster: Cluster, options: GetOptions) {
    this.#context = context;
    this.#cluster = cluster;
    this.#options = options;
  }

  async tables(wanted: readonly Wanted[]): Promise<void> {
    const { found, errors } = await this.#all(wanted, (one) => this.#fetch<ServerTable>(one, { accept: TABLE_TYPE }));
    const groups = groupByResource(found.filter(({ result }) => (result.rows?.length ?? 0) > 0));
    // Of lists, kubectl shows the type as soon as several were asked for, found or not.
    const kinds = new Set(found.map(({ one }) => one.resource));
    groups.forEach(({ resource, results }, i) => {
      if (i > 0 && this.#options.headers) this.#context.stdout.write("\n");
      const style = this.#style(resource, kinds.size > 1);
      const columns = results[0]?.columnDefinitions ?? [];
      const parts = results.map((table) => tableLines(this.#sorted(table), columns, style));
      const header = style.headers && parts[0] ? [parts[0].header] : [];
      this.#context.stdout.write(new ColumnWriter().write([...header, ...parts.flatMap(({ rows }) => rows)]));
    });
    if (groups.length === 0 && errors.length === 0 && !this.#options.ignoreNotFound) this.#sayNothingFound(wanted);
    throwAll(errors);
  }

  #sorted(table: ServerTable): ServerTable {
    const { sortBy: path } = this.#options;
    return path === undefined ? table : { ...table, rows: sortBy(table.rows ?? [], path, ({ object }) => object) };
  }

  async objects(wanted: readonly Wanted[]): Promise<void> {
    const { output = "" } = this.#options;
    const columns = /^custom-columns=(.*)$/s.exec(output)?.[1];
    const printer = output === "name" || columns !== undefined ? undefined : await objectPrinter(output);
    const { found, errors } = await this.#all(wanted, (one) => this.#fetch<JsonObject>(one, {}));
    if (printer) this.#printObjects(found, printer, wanted);
    else if (columns !== undefined) await this.#printColumns(this.#objectsOf(found), columns);
    else
      for (const { one, result } of found)
        for (const item of this.#objectsOf([{ one, result }]))
          this.#context.stdout.write(printName(one.resource, nameOf(item)));
    throwAll(errors);
  }

  async #printColumns(objects: readonly JsonObject[], spec: string): Promise<void> {
    const { columnLines, parseColumns } = await import("./custom-columns.ts");
    const lines = columnLines(parseColumns(spec), objects, this.#options.headers);
    this.#context.stdout.write(new ColumnWriter().write(lines));
  }

  #objectsOf(found: readonly Found<JsonObject>[]): readonly JsonObject[] {
    const objects = found.flatMap(({ one, result }) =>
      one.name === undefined ? itemsOf(result).map((item) => typed(item, one.resource)) : [result],
    );
    const { sortBy: path } = this.#options;
    return path === undefined ? objects : sortBy(objects, path, (object) => object);
  }

  #printObjects(found: readonly Found<JsonObject>[], printer: ObjectPrinter, wanted: readonly Wanted[]): void {
    const shown = this.#objectsOf(found).map((object) => this.#shown(object));
    const [first] = shown;
    const single = wanted.length === 1 && wanted[0]?.name !== undefined;
    if (single && !first) return;
    this.#context.stdout.write(printer.print(single && first ? first : listOf(shown)));
  }

  /** Shows what there is, then each change, until interrupted or until the server ends the watch. */
  async watch(wanted: readonly Wanted[]): Promise<void> {
    const [one, ...more] = wanted;
    if (!one) return;
    if (more.length > 0) throw new AppError("usage", "you may only specify a single resource type");
    const { output } = this.#options;
    const show: Show = isTable(output) ? this.#tableWatcher(one.resource) : await this.#objectWatcher(one.resource);
    const headers = isTable(output) ? { accept: TABLE_TYPE } : {};
    const listed = await this.#fetch<ServerTable & JsonObject>(one, headers);
    if (!this.#options.watchOnly) show(listed, true);
    const query = this.#selection();
    if (one.name !== undefined) query.set("fieldSelector", `metadata.name=${one.name}`);
    query.set("watch", "true");
    query.set("resourceVersion", listed.metadata?.resourceVersion ?? "");
    const path = resourcePath(one.resource, { namespace: one.namespace }, query);
    const { signal } = this.#context;
    try {
      const response = await this.#cluster.transport.successful({
        method: "GET",
        path,
        headers,
        signal,
        streaming: true,
      });
      for await (const event of jsonLines(response as AsyncIterable<Uint8Array>)) {
        const { object } = event as { readonly object: ServerTable & JsonObject };
        if (object.kind === "Status") throw new AppError("watch-ended", textOf(object["message"]));
        show(object, false);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #tableWatcher(resource: DiscoveredResource): Show {
    const style = this.#style(resource, false);
    const writer = new ColumnWriter();
    let columns: ServerTable["columnDefinitions"];
    return (table) => {
      const isFirst = columns === undefined;
      columns ??= table.columnDefinitions;
      const { header, rows } = tableLines(table, columns ?? [], style);
      const lines = isFirst && style.headers && rows.length > 0 ? [header, ...rows] : rows;
      if (rows.length === 0) columns = undefined;
      this.#context.stdout.write(writer.write(lines));
    };
  }

  async #objectWatcher(resource: DiscoveredResource): Promise<Show> {
    const { output = "" } = this.#options;
    const printer = output === "name" ? undefined : await objectPrinter(output);
    return (object, listed) => {
      const items = listed && object["items"] !== undefined ? itemsOf(object) : [object];
      for (const item of items.map((each) => this.#shown(typed(each, resource))))
        this.#context.stdout.write(printer ? printer.print(item) : printName(resource, nameOf(item)));
    };
  }

  /** Templates see what people rarely want to read too. */
  #shown(object: JsonObject): JsonObject {
    const { output, showManagedFields } = this.#options;
    return showManagedFields || (output !== "json" && output !== "yaml") ? object : withoutManagedFields(object);
  }

  async #fetch<T>(one: Wanted, headers: Readonly<Record<string, string>>): Promise<T> {
    const { resource, name, namespace } = one;
    const target = { namespace, ...(name !== undefined && { name }) };
    const path = resourcePath(resource, target, name === undefined ? this.#selection() : undefined);
    try {
      return (await this.#cluster.transport.json({ method: "GET", path, headers })) as T;
    } catch (error) {
      throw this.#badSelection(one, error);
    }
  }

  /** What was asked for with a selector that the server does not understand, in kubectl's words. */
  #badSelection({ resource }: Wanted, error: unknown): unknown {
    const { selector = "", fieldSelector = "" } = this.#options;
    const isBad = error instanceof StatusError && error.reason === "BadRequest";
    if (!isBad || (selector === "" && fieldSelector === "")) return error;
    const what = `"${resource.group}/${resource.version}, Resource=${resource.plural}"`;
    return restated(
      error,
      (message) =>
        `Unable to find ${what} that match label selector "${selector}", field selector "${fieldSelector}": ${message}`,
    );
  }

  #selection(): URLSearchParams {
    const query = new URLSearchParams();
    const { selector, fieldSelector } = this.#options;
    if (selector) query.set("labelSelector", selector);
    if (fieldSelector) query.set("fieldSelector", fieldSelector);
    if (this.#options.sortBy !== undefined) query.set("includeObject", "Object");
    return query;
  }

  /** Fetches all at once; what could not be got is told after what could. */
  async #all<T>(
    wanted: readonly Wanted[],
    fetch: (one: Wanted) => Promise<T>,
  ): Promise<{ found: readonly Found<T>[]; errors: readonly Error[] }> {
    const settled = await Promise.allSettled(wanted.map(fetch));
    const found: Found<T>[] = [];
    const errors: Error[] = [];
    wanted.forEach((one, i) => {
      const outcome = settled[i];
      if (outcome?.status === "fulfilled") found.push({ one, result: outcome.value });
      else if (outcome && !(this.#options.ignoreNotFound && isNotFound(outcome.reason)))
        errors.push(outcome.reason as Error);
    });
    return { found, errors };
  }

  #style(resource: DiscoveredResource, withType: boolean): TableStyle {
    const { output, headers, showLabels = false, labelColumns = [], allNamespaces = false } = this.#options;
    return {
      wide: output === "wide",
      headers,
      namespaces: allNamespaces && resource.namespaced,
      showLabels,
      labelColumns: labelColumns.flatMap((list) => list.split(",")),
      ...(withType && { type: typeName(resource) }),
    };
  }

  #sayNothingFound(wanted: readonly Wanted[]): void {
    const inNamespace = !this.#options.allNamespaces && wanted.some(({ resource }) => resource.namespaced);
    const where = inNamespace ? ` in ${this.#cluster.namespace} namespace.` : "";
    this.#context.stderr.write(`No resources found${where}\n`);
  }
}

interface Found<T> {
  readonly one: Wanted;
  readonly result: T;
}

/** Shows an object, or with `listed` the list that a watch begins with. */
type Show = (object: ServerTable & JsonObject, listed: boolean) => void;

function groupByResource<T>(
  found: readonly Found<T>[],
): readonly { readonly resource: DiscoveredResource; readonly results: readonly T[] }[] {
  const groups: { resource: DiscoveredResource; results: T[] }[] = [];
  for (const { one, result } of found) {
    const last = groups.at(-1);
    if (last?.resource === one.resource) last.results.push(result);
    else groups.push({ resource: one.resource, results: [result] });
  }
  return groups;
}

const itemsOf = (list: JsonObject): readonly JsonObject[] => arrayOf(list["items"]).filter(isJsonObject);
const nameOf = (object: JsonObject): string => textOf(objectOf(object["metadata"])["name"]);

/** The items of a list do not say what they are. */
function typed(item: JsonObject, { group, version, kind }: DiscoveredResource): JsonObject {
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind, ...item };
}
