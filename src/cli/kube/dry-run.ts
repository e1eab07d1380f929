import { InvalidArgumentError } from "commander";

/** `client`: nothing is sent; `server`: the server does everything but keep it. */
export type DryRun = "none" | "client" | "server";

export function parseDryRun(text: string): DryRun {
  if (text === "none" || text === "client" || text === "server") return text;
  throw new InvalidArgumentError(`Invalid dry-run value (${text}). Must be "none", "server", or "client".`);
}

/** What is printed behind the verb: `deployment.apps/web created (server dry run)`. */
export function dryRunSuffix(dryRun: DryRun): string {
  return { none: "", client: " (dry run)", server: " (server dry run)" }[dryRun];
}
