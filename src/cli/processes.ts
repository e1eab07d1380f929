import { join } from "node:path";
import type { Home } from "../engine/home.ts";
import type { ProcessSpec } from "../engine/respawner.ts";
import type { Context } from "./context.ts";

/** Mesh workers: one a core, at least two, so that one can always be lost. */
export function meshNames(cores: number): readonly string[] {
  return Array.from({ length: Math.max(2, cores) }, (_, i) => `mesh-${i + 1}`);
}

export function controlSpec(context: Context, home: Home): ProcessSpec {
  return spec(context, "control", ["control.js", "--home", home.root]);
}

export function meshSpecs(context: Context, home: Home, cores: number): readonly ProcessSpec[] {
  return meshNames(cores).map((name) => spec(context, name, ["mesh-worker.js", "--home", home.root, "--name", name]));
}

function spec(context: Context, name: string, [program = "", ...args]: readonly string[]): ProcessSpec {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", HOME = "/", LANG = "C.UTF-8" } = context.env;
  return { name, command: [context.node, join(context.programs, program), ...args], env: { PATH, HOME, LANG } };
}
