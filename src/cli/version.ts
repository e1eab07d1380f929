import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "./context.ts";

/** What runs here: our own version and that of Node. */
export function version(context: Context): void {
  const file = join(context.programs, "..", "..", "package.json");
  const { version: own } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  context.stdout.write(`sluice ${own} (Kubernetes API 1.36, Node.js ${process.versions.node})\n`);
}
