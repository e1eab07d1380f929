import type { Command } from "commander";
import type { Context } from "../context.ts";
import type { ClusterOptions } from "../kube/cluster.ts";

/** What the files of this folder need to put their commands into the program. */
export interface Registrar {
  readonly root: Command;
  readonly context: Context;
  /** Sets the exit code of a command that has not failed otherwise. */
  readonly exit: (code: number) => void;
}

/** Flags that stand before or behind the verb. */
export interface GlobalOptions extends ClusterOptions {
  readonly home?: string;
}

/** A command's own options and the global ones. */
export function allOptions<T>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}
