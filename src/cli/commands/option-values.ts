import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDryRun } from "../kube/dry-run.ts";
import { parseDuration } from "../kube/timeout.ts";

/** Values of options, read as kubectl's flag library reads them. */

/** `-o=json` and `-ojson` mean the same. */
export const text = (value: string): string => value.replace(/^=/, "");

export function integer(value: string): number {
  const number = Number(text(value));
  if (!Number.isInteger(number)) throw new InvalidArgumentError("it must be a whole number.");
  return number;
}

export function several(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text(value)];
}

export function duration(value: string): number {
  return parseDuration(text(value));
}

export const dryRunOption = (): Option =>
  new Option("--dry-run <strategy>", 'Must be "none", "server", or "client": only print what would be done')
    .argParser(parseDryRun)
    .default("none");

export function fileOptions(command: Command): Command {
  return command
    .option("-f, --filename <file>", "file or folder with manifests, or - for standard input", several)
    .option("-R, --recursive", "the folders below too");
}

export function selectorOption(command: Command): Command {
  return command.option("-l, --selector <query>", "label query, as key1=value1,key2 in (a,b)", text);
}
