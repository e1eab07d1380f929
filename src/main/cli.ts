import { homedir } from "node:os";
import { join } from "node:path";
import type { Context, Output } from "../cli/context.ts";
import { program } from "../cli/program.ts";
import { homeAt } from "../engine/home.ts";
import { AppError } from "../lib/app-error.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

const output = (stream: NodeJS.WriteStream): Output => ({
  isTTY: stream.isTTY,
  columns: stream.columns ?? 80,
  write: (text) => void stream.write(text),
});

const abort = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => abort.abort(new AppError("interrupted", signal)));

const context: Context = {
  env: process.env,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  clock: systemClock,
  random: systemRandom,
  programs: import.meta.dirname,
  node: process.execPath,
  home: () =>
    homeAt(command.opts<{ home?: string }>().home ?? process.env["SLUICE_HOME"] ?? join(homedir(), ".sluice")),
  signal: abort.signal,
};

const command = program(context, (code) => {
  process.exitCode = code;
});

try {
  await command.parseAsync(process.argv);
} catch (error) {
  context.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
