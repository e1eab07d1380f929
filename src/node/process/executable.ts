import { accessSync, constants, statSync } from "node:fs";
import { posix } from "node:path";
import { type ContainerSpec, RuntimeError } from "../runtime.ts";

/**
 * Checks before the start that the command can be executed, so that a mistyped one fails to start, as it does in a
 * container engine, instead of ending with 127. `locate` gives the file of this machine behind a path of the container.
 */
export function checkExecutable(
  { command, env, workingDir }: Pick<ContainerSpec, "command" | "env" | "workingDir">,
  locate: (path: string) => string | undefined,
): void {
  const [name = ""] = command;
  if (name === "") throw startError(`exec: "": executable file not found in $PATH`);
  if (name.includes("/")) return checkFile(name, locate(posix.resolve(workingDir || "/", name)));
  const candidates = (env["PATH"] ?? "").split(":").map((dir) => locate(posix.resolve(workingDir || "/", dir, name)));
  if (candidates.some((place) => place !== undefined && problemOf(place) === undefined)) return undefined;
  throw startError(`exec: ${JSON.stringify(name)}: executable file not found in $PATH`);
}

function checkFile(name: string, place: string | undefined): void {
  const problem = place === undefined ? "absent" : problemOf(place);
  if (problem === "absent") throw startError(`exec: ${JSON.stringify(name)}: stat ${name}: no such file or directory`);
  if (problem === "denied") throw startError(`exec: ${JSON.stringify(name)}: permission denied`);
  if (problem === "directory") throw startError(`exec: ${JSON.stringify(name)}: is a directory`);
}

function problemOf(place: string): "absent" | "denied" | "directory" | undefined {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (!stat) return "absent";
  if (stat.isDirectory()) return "directory";
  try {
    // Root may execute a file only when anybody may.
    if ((stat.mode & 0o111) === 0) return "denied";
    accessSync(place, constants.R_OK);
    return undefined;
  } catch {
    return (stat.mode & 0o111) === 0 ? "denied" : undefined;
  }
}

const startError = (what: string): RuntimeError =>
  new RuntimeError("StartError", `unable to start container process: ${what}`);
