import { InvalidArgumentError, Option } from "commander";
import type { ApplyOptions } from "../kube/apply.ts";
import type { DeleteOptions } from "../kube/delete.ts";
import type { GetOptions } from "../kube/get.ts";
import type { LogsOptions } from "../kube/logs.ts";
import type { ScaleOptions } from "../kube/scale.ts";
import type { SetImageOptions } from "../kube/set-image.ts";
import type { Field, SetMetadataOptions } from "../kube/set-metadata.ts";
import { dryRunOption, duration, fileOptions, integer, selectorOption, several, text } from "./option-values.ts";
import { allOptions, type Registrar } from "./registrar.ts";

/** kubectl's verbs for objects. */
export function objectCommands(registrar: Registrar): void {
  applyCommand(registrar);
  getCommand(registrar);
  deleteCommand(registrar);
  setCommand(registrar);
  scaleCommand(registrar);
  logsCommand(registrar);
  metadataCommand(registrar, "label", "labels");
  metadataCommand(registrar, "annotate", "annotations");
}

function applyCommand({ root, context }: Registrar): void {
  const command = root.command("apply").description("apply manifests: create what is missing, change what differs");
  selectorOption(fileOptions(command))
    .addOption(dryRunOption())
    .option("--server-side", "let the server merge, and keep book of who owns which field")
    .option("--force-conflicts", "take over fields that others own (with --server-side)")
    .option("--validate <mode>", "what to do about unknown fields: strict, warn, ignore", validation, "Strict")
    .option("--field-manager <name>", "name of the owner of the fields", text)
    .option("-o, --output <format>", "json|yaml|name|jsonpath=TEMPLATE", text)
    .action(async () => (await import("../kube/apply.ts")).apply(context, allOptions<ApplyOptions>(command)));
}

function validation(value: string): ApplyOptions["validate"] {
  const mode = ({ strict: "Strict", true: "Strict", warn: "Warn", ignore: "Ignore", false: "Ignore" } as const)[
    text(value)
  ];
  if (mode === undefined)
    throw new InvalidArgumentError('it must be "strict" (or "true"), "warn", or "ignore" (or "false").');
  return mode;
}

function getCommand({ root, context }: Registrar): void {
  const command = root
    .command("get")
    .description("show objects")
    .argument("[args...]", "TYPE[,TYPE] [NAME...] | TYPE/NAME...");
  selectorOption(fileOptions(command))
    .option("--field-selector <query>", "field query, as status.phase=Running", text)
    .option("-A, --all-namespaces", "of all namespaces")
    .option("-o, --output <format>", "json|yaml|wide|name|jsonpath=TEMPLATE|custom-columns=SPEC", text)
    .option("--sort-by <path>", "sort by the value at this path", text)
    .option("-w, --watch", "go on with each change")
    .option("--watch-only", "only what changes from now on")
    .option("--no-headers", "without the line of column names")
    .option("--show-labels", "with a column of labels")
    .option("-L, --label-columns <label>", "with a column for the label", several)
    .option("--raw <path>", "what the server has at this path, as it comes", text)
    .option("--show-managed-fields", "with metadata.managedFields")
    .option("--ignore-not-found", "what is not there is no error")
    .action(async (args: string[]) =>
      (await import("../kube/get.ts")).get(context, args, allOptions<GetOptions>(command)),
    );
}

function deleteCommand({ root, context }: Registrar): void {
  const command = root
    .command("delete")
    .description("delete objects")
    .argument("[args...]", "TYPE[,TYPE] NAME... | TYPE/NAME...");
  selectorOption(fileOptions(command))
    .option("--field-selector <query>", "field query", text)
    .option("--all", "all objects of the type in the namespace")
    .option("-A, --all-namespaces", "in all namespaces")
    .option("--no-wait", "do not wait until they are gone")
    .option("--timeout <duration>", "how long to wait; 0: as long as it takes", duration, 0)
    .option("--grace-period <seconds>", "how long pods may take to end; negative: their own", integer, -1)
    .option("--now", "as --grace-period=1")
    .option("--force", "with a grace period of 0, do not wait for confirmation")
    .addOption(
      new Option("--cascade <policy>", "what becomes of dependents")
        .choices(["background", "foreground", "orphan"])
        .default("background"),
    )
    .option("--ignore-not-found", "what is not there is no error")
    .option("-o, --output <format>", "name", text)
    .addOption(dryRunOption())
    .action(async (args: string[]) =>
      (await import("../kube/delete.ts")).deleteObjects(context, args, allOptions<DeleteOptions>(command)),
    );
}

function setCommand({ root, context }: Registrar): void {
  const set = root.command("set").description("change one property of objects");
  const command = set
    .command("image")
    .description("set the images of containers")
    .argument("[args...]", "TYPE NAME CONTAINER=IMAGE... | TYPE/NAME CONTAINER=IMAGE...; *=IMAGE: all containers");
  selectorOption(fileOptions(command))
    .option("--all", "all objects of the type in the namespace")
    .addOption(dryRunOption())
    .action(async (args: string[]) =>
      (await import("../kube/set-image.ts")).setImage(context, args, allOptions<SetImageOptions>(command)),
    );
}

function scaleCommand({ root, context }: Registrar): void {
  const command = root
    .command("scale")
    .description("set the number of replicas")
    .argument("[args...]", "TYPE NAME... | TYPE/NAME...");
  selectorOption(fileOptions(command))
    .option("--replicas <count>", "the new number", integer, -1)
    .option("--current-replicas <count>", "only what has this number now", integer, -1)
    .option("--all", "all objects of the type in the namespace")
    .addOption(dryRunOption())
    .action(async (args: string[]) =>
      (await import("../kube/scale.ts")).scale(context, args, allOptions<ScaleOptions>(command)),
    );
}

function logsCommand({ root, context }: Registrar): void {
  const command = root
    .command("logs")
    .description("show what a container has written")
    .argument("[args...]", "POD | TYPE/NAME");
  selectorOption(command)
    .option("-f, --follow", "go on with what it writes")
    .option("-p, --previous", "of the run before this one")
    .option("-c, --container <name>", "which container", text)
    .option("--all-containers", "all containers of the pod")
    .option("--tail <lines>", "only the last lines", integer)
    .option("--since <duration>", "only what is younger", duration)
    .option("--since-time <time>", "only what is younger, RFC 3339", text)
    .option("--timestamps", "with the time of each line")
    .option("--limit-bytes <bytes>", "not more than this", integer)
    .action(async (args: string[]) =>
      (await import("../kube/logs.ts")).logs(context, args, allOptions<LogsOptions>(command)),
    );
}

function metadataCommand({ root, context }: Registrar, name: "label" | "annotate", field: Field): void {
  const command = root
    .command(name)
    .description(`set and remove ${field}`)
    .argument("[args...]", "TYPE NAME... KEY=VALUE... KEY-... | TYPE/NAME... KEY=VALUE... KEY-...");
  selectorOption(fileOptions(command))
    .option("--field-selector <query>", "field query", text)
    .option("--all", "all objects of the type in the namespace")
    .option("--overwrite", `change ${field} that are there already`)
    .option("--list", `show the ${field}`)
    .option("--resource-version <version>", "only what has this version now", text)
    .addOption(dryRunOption())
    .action(async (args: string[]) =>
      (await import("../kube/set-metadata.ts")).setMetadata(
        context,
        field,
        args,
        allOptions<SetMetadataOptions>(command),
      ),
    );
}
