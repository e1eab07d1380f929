import { existsSync } from "node:fs";
import { AppError } from "../lib/app-error.ts";
import type { Context } from "./context.ts";

/** Prints the path of the administrator's kubeconfig, for `export KUBECONFIG=$(sluice kubeconfig)`. */
export function kubeconfig(context: Context): void {
  const { kubeconfig: path } = context.home();
  if (!existsSync(path))
    throw new AppError("not-running", `there is no engine in ${context.home().root}; run sluice up first`);
  context.stdout.write(`${path}\n`);
}
