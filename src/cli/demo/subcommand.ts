import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Context } from "../context.ts";

export interface Outcome {
  readonly code: number;
  /** Both streams, as they came. */
  readonly output: string;
  /** Milliseconds. */
  readonly took: number;
}

/**
 * Runs `sluice ARGS` as a person would, as a process of its own. It does not see Ctrl-C of the terminal: the demo ends its
 * commands itself, those that tear down last.
 */
export function runSluice(
  context: Context,
  args: readonly string[],
  options: {
    readonly home: string;
    readonly cwd: string;
    readonly signal?: AbortSignal;
    /** Called for each line as it comes. */
    readonly onLine?: (line: string) => void;
  },
): Promise<Outcome> {
  const { home, cwd, signal, onLine = () => undefined } = options;
  const began = context.clock.monotonic();
  return new Promise((resolve, reject) => {
    const child = spawn(context.node, [join(context.programs, "cli.js"), ...args], {
      cwd,
      env: { ...context.env, SLUICE_HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...(signal && { signal }),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      });
      stream.once("end", () => rest !== "" && onLine(rest));
    }
    child.once("error", (error) => reject(signal?.aborted ? (signal.reason as Error) : error));
    child.once("close", (code) => resolve({ code: code ?? 1, output, took: context.clock.monotonic() - began }));
  });
}
