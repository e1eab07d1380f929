import { InvalidArgumentError } from "commander";
import type { UpOptions } from "../up.ts";
import type { Registrar } from "./registrar.ts";

/** Commands for the engine itself. */
export function engineCommands({ root, context, exit }: Registrar): void {
  root
    .command("up")
    .description("start the engine, or mend it; returns when it is ready")
    .option("--port <n>", "port of the Kubernetes API on 127.0.0.1 (default: 6443 or, when taken, a free one)", port)
    .option("--without <part...>", "leave a part out: node", part)
    .option("--foreground", "stay until interrupted, then stop the engine")
    .action(async (options: UpOptions) => (await import("../up.ts")).up(context, options));
  root
    .command("down")
    .description("stop the engine: pods gracefully, then everything else")
    .action(async () => (await import("../down.ts")).down(context));
  root
    .command("status")
    .description("show what runs")
    .option("-o, --output <format>", "json")
    .action(async (options: { output?: string }) =>
      exit(await (await import("../status.ts")).status(context, options)),
    );
  root
    .command("kubeconfig")
    .description("print the path of the kubeconfig")
    .action(async () => (await import("../kubeconfig.ts")).kubeconfig(context));
  root
    .command("version")
    .description("print the version")
    .action(async () => (await import("../version.ts")).version(context));
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new InvalidArgumentError("a port is a number from 1 to 65535.");
  return number;
}

function part(text: string, previous: readonly "node"[] = []): readonly "node"[] {
  if (text !== "node") throw new InvalidArgumentError("only the part node can be left out.");
  return [...previous, text];
}
