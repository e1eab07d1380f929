import { Command } from "commander";
import { demoCommand } from "./commands/demo-command.ts";
import { engineCommands } from "./commands/engine-commands.ts";
import { imageCommands } from "./commands/image-commands.ts";
import { objectCommands } from "./commands/object-commands.ts";
import { text } from "./commands/option-values.ts";
import type { Registrar } from "./commands/registrar.ts";
import { releaseCommands } from "./commands/release-commands.ts";
import { rolloutCommands } from "./commands/rollout-commands.ts";
import type { Context } from "./context.ts";

/** The whole command line. Each command's code is loaded when it runs, so that `sluice get` stays quick. */
export function program(context: Context, exit: (code: number) => void): Command {
  const root = new Command("sluice")
    .description("Deploy a new version with its gate shut, test it in production, open the gate on evidence.")
    .option("--home <dir>", "where the engine keeps everything (default: $SLUICE_HOME, else ~/.sluice)")
    .option("-n, --namespace <name>", "namespace of the objects", text)
    .option("--kubeconfig <file>", "talk to the API server of this kubeconfig and not to the home's engine", text)
    .option("--context <name>", "context of the kubeconfig", text)
    .configureOutput({
      writeOut: (out) => context.stdout.write(out),
      writeErr: (err) => context.stderr.write(err),
      outputError: (error, write) => write(error.replace("\n(Did you mean", " (did you mean")),
    })
    .exitOverride();
  const registrar: Registrar = { root, context, exit };
  engineCommands(registrar);
  objectCommands(registrar);
  rolloutCommands(registrar);
  releaseCommands(registrar);
  imageCommands(registrar);
  demoCommand(registrar);
  return root;
}
