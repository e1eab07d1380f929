import { join } from "node:path";
import type { Home } from "../engine/home.ts";
import type { ProcessSpec } from "../engine/respawner.ts";
import type { Context } from "./context.ts";

/** The API server is there within a second; a slow disk or machine gets a minute before we call it a failure. Milliseconds. */
export const START_TIMEOUT = 60_000;

/** Somebody else may be starting the engine, or stopping it, with pods that take all the time they are given. Milliseconds. */
export const LOCK_TIMEOUT = 180_000;

/** Mesh workers: one a core, at least two, so that one can always be lost. */
export function meshNames(cores: number): readonly string[] {
  return Array.from({ length: Math.max(2, cores) }, (_, i) => `mesh-${i + 1}`);
}

export function controlSpec(context: Context, home: Home): ProcessSpec {
  return spec(context, home, "control", ["control.js"]);
}

export function meshSpecs(context: Context, home: Home, cores: number): readonly ProcessSpec[] {
  return meshNames(cores).map((name) => spec(context, home, name, ["mesh-worker.js", "--name", name]));
}

function spec(context: Context, home: Home, name: string, [program = "", ...args]: readonly string[]): ProcessSpec {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", HOME = "/", LANG = "C.UTF-8" } = context.env;
  return {
    name,
    command: [context.node, join(context.programs, program), "--home", home.root, ...args],
    // Compiled code is kept from one start to the next: a fifth of what the start of a process costs.
    env: { PATH, HOME, LANG, NODE_COMPILE_CACHE: home.compiled },
  };
}
