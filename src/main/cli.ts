import { CommanderError } from "commander";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Context, Output } from "../cli/context.ts";
import { normaliseArguments } from "../cli/arguments.ts";
import { errorText } from "../cli/error-text.ts";
import { program } from "../cli/program.ts";
import { homeAt } from "../engine/home.ts";
import { AppError } from "../lib/app-error.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

const output = (stream: NodeJS.WriteStream): Output => ({
  isTTY: stream.isTTY,
  columns: stream.columns || 80,
  write: (text) => void stream.write(text),
});

const abort = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => abort.abort(new AppError("interrupted", `interrupted by ${signal}`)));

const context: Context = {
  env: process.env,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  stdin: process.stdin,
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

// A reader that has seen enough (`sluice get pods | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await command.parseAsync(normaliseArguments(process.argv.slice(2), command), { from: "user" });
} catch (error) {
  // Commander has said itself what is wrong with the arguments.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    context.stderr.write(errorText(error));
    process.exitCode = 1;
  }
}
