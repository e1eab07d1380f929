import { readConfig } from "../engine/config.ts";
import { readRecord, recordedNames } from "../engine/process-record.ts";
import type { Context } from "./context.ts";

interface EngineStatus {
  readonly ready: boolean;
  readonly home: string;
  readonly processes: readonly { readonly name: string; readonly pid: number | null; readonly phase: string }[];
  readonly api: { readonly url: string } | null;
}

/** What runs. Exit code 1 when the engine is not ready. */
export function status(context: Context, options: { readonly output?: string }): number {
  const home = context.home();
  const config = readConfig(home);
  const processes = recordedNames(home.run).map((name) => {
    const { pid = null, state } = readRecord(home.run, name);
    return { name, pid, phase: pid === null ? "down" : state?.pid === pid ? state.phase : "starting" };
  });
  const engine: EngineStatus = {
    ready: processes.length > 0 && processes.every((process) => process.phase === "ready"),
    home: home.root,
    processes,
    api: config ? { url: `https://127.0.0.1:${config.apiPort}` } : null,
  };
  context.stdout.write(options.output === "json" ? `${JSON.stringify(engine, null, 2)}\n` : describe(engine));
  return engine.ready ? 0 : 1;
}

function describe(engine: EngineStatus): string {
  if (engine.processes.length === 0) return `Sluice is not running (home ${engine.home}).\n`;
  const lines = engine.processes.map(
    (p) => `  ${p.name.padEnd(10)} ${p.phase.padEnd(9)} ${p.pid === null ? "" : `pid ${p.pid}`}`,
  );
  return `Sluice is ${engine.ready ? "ready" : "not ready"}: ${engine.api?.url ?? ""} (home ${engine.home})\n${lines.join("\n")}\n`;
}
