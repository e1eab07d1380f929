import { AppError } from "../../lib/app-error.ts";
import { labelValueProblems } from "../../lib/label-syntax.ts";
import type { Context } from "../context.ts";
import { throwAll } from "../error-text.ts";
import { type Cluster, type ClusterOptions, connect } from "./cluster.ts";
import { type DryRun, dryRunSuffix } from "./dry-run.ts";
import {
  fetchObject,
  type LiveObject,
  NO_RESOURCES,
  type SelectedObject,
  selectObjects,
  type SelectionOptions,
} from "./selected-objects.ts";
import { displayName } from "./targets.ts";

export interface SetMetadataOptions extends ClusterOptions, SelectionOptions {
  readonly overwrite?: boolean;
  readonly list?: boolean;
  readonly resourceVersion?: string;
  readonly dryRun: DryRun;
}

/** `label` and `annotate` are the same but for their words. */
export type Field = "labels" | "annotations";

const WORDS = {
  labels: { one: "label", done: "labeled", undone: "unlabeled", not: "not labeled", manager: "kubectl-label" },
  annotations: {
    one: "annotation",
    done: "annotated",
    undone: "annotated",
    not: "annotated",
    manager: "kubectl-annotate",
  },
} as const;

/** What is to be set, and what is to go. */
interface Change {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

type Values = Readonly<Record<string, string>>;

/** `sluice label|annotate (-f FILE | TYPE NAME) KEY=VALUE... KEY-...`: kubectl's. */
export async function setMetadata(
  context: Context,
  field: Field,
  args: readonly string[],
  options: SetMetadataOptions,
): Promise<void> {
  const { named, change } = splitArguments(field, args);
  const changes = Object.keys(change.set).length + change.remove.length;
  if (changes === 0 && !options.list)
    throw new AppError("usage", `at least one ${WORDS[field].one} update is required`);
  if (!options.filename && named.length === 0) throw new AppError("usage", NO_RESOURCES);
  if (options.all && options.fieldSelector !== undefined)
    throw new AppError("usage", "cannot set --all and --field-selector at the same time");
  using cluster = await connect(context, options);
  const { objects, errors: refused } = await selectObjects(context, cluster, named, options, "mistake");
  const errors = [...refused];
  for (const one of objects) {
    try {
      const values = valuesOf(await fetchObject(cluster, one), field);
      if (options.list) list(context, values);
      else await update(context, cluster, one, field, values, change, options);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  throwAll(errors);
}

function splitArguments(field: Field, args: readonly string[]): { named: readonly string[]; change: Change } {
  const isPair = (arg: string): boolean => arg.includes("=") || (arg.endsWith("-") && !arg.includes("/-"));
  const pairs = args.filter(isPair);
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 0) remove.push(pair.slice(0, -1));
    else set[pair.slice(0, at)] = checked(field, pair, pair.slice(at + 1));
  }
  const both = remove.find((name) => set[name] !== undefined);
  if (both !== undefined)
    throw new AppError(
      "usage",
      `can not both modify and remove ${WORDS[field].one === "label" ? "a label" : "an annotation"} in the same command`,
    );
  return { named: args.filter((arg) => !isPair(arg)), change: { set, remove } };
}

function checked(field: Field, pair: string, value: string): string {
  const problems = field === "labels" ? labelValueProblems(value) : [];
  if (problems.length > 0) throw new AppError("usage", `invalid label value: "${pair}": ${problems.join("; ")}`);
  return value;
}

const valuesOf = ({ metadata }: LiveObject, field: Field): Values => metadata[field] ?? {};

function list(context: Context, values: Values): void {
  for (const [name, value] of Object.entries(values)) context.stdout.write(`${name}=${value}\n`);
}

async function update(
  context: Context,
  cluster: Cluster,
  one: SelectedObject,
  field: Field,
  values: Values,
  change: Change,
  options: SetMetadataOptions,
): Promise<void> {
  const words = WORDS[field];
  if (!options.overwrite) refuseOverwriting(field, values, change);
  const gone = change.remove.filter((name) => values[name] === undefined);
  if (field === "labels") for (const name of gone) context.stdout.write(`label "${name}" not found.\n`);
  const set = Object.entries(change.set).filter(([name, value]) => values[name] !== value);
  const removed = change.remove.filter((name) => values[name] !== undefined);
  const said = (what: string): void =>
    context.stdout.write(`${displayName(one.resource, one.name)} ${what}${dryRunSuffix(options.dryRun)}\n`);
  if (set.length + removed.length === 0) {
    said(words.not);
    return;
  }
  const body = {
    metadata: {
      [field]: Object.fromEntries([...set, ...removed.map((name) => [name, null] as const)]),
      ...(options.resourceVersion !== undefined && { resourceVersion: options.resourceVersion }),
    },
  };
  if (options.dryRun !== "client")
    await cluster.client.patch(
      one.resource,
      one.name,
      one.namespace,
      { type: "merge", body },
      {
        fieldManager: words.manager,
        dryRun: options.dryRun === "server",
      },
    );
  said(set.length > 0 ? words.done : words.undone);
}

function refuseOverwriting(field: Field, values: Values, { set }: Change): void {
  const taken = Object.keys(set).filter((name) => values[name] !== undefined && values[name] !== set[name]);
  const [first] = taken;
  if (first === undefined) return;
  const told = taken.map((name) => `'${name}' already has a value (${values[name]})`);
  throw new AppError(
    "usage",
    field === "labels"
      ? `${told[0]}, and --overwrite is false`
      : `--overwrite is false but found the following declared annotation(s): ${told.join("; ")}`,
  );
}
