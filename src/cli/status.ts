import { readConfig } from "../engine/config.ts";
import { readRecord, recordedNames } from "../engine/process-record.ts";
import type { Context } from "./context.ts";
import { ColumnWriter } from "./kube/server-table.ts";
import { type WorkloadStatus, workloads, type Workloads } from "./workloads.ts";

interface EngineStatus {
  readonly ready: boolean;
  readonly home: string;
  readonly processes: readonly { readonly name: string; readonly pid: number | null; readonly phase: string }[];
  readonly api: { readonly url: string } | null;
}

/** What runs, and what it runs. Exit code 1 when the engine is not ready. */
export async function status(context: Context, options: { readonly output?: string }): Promise<number> {
  const engine = engineStatus(context);
  const runs = engine.processes.some(({ name, phase }) => name === "control" && phase === "ready");
  const seen = runs ? await workloads(context) : undefined;
  const text =
    options.output === "json"
      ? `${JSON.stringify({ ...engine, ...seen }, null, 2)}\n`
      : `${describe(engine)}${seen ? describeWorkloads(seen) : ""}`;
  context.stdout.write(text);
  return engine.ready ? 0 : 1;
}

function engineStatus(context: Context): EngineStatus {
  const home = context.home();
  const config = readConfig(home);
  const processes = recordedNames(home.run).map((name) => {
    const { pid = null, state } = readRecord(home.run, name);
    return { name, pid, phase: pid === null ? "down" : state?.pid === pid ? state.phase : "starting" };
  });
  return {
    ready: processes.length > 0 && processes.every((process) => process.phase === "ready"),
    home: home.root,
    processes,
    api: config ? { url: `https://127.0.0.1:${config.apiPort}` } : null,
  };
}

function describe(engine: EngineStatus): string {
  if (engine.processes.length === 0) return `Sluice is not running (home ${engine.home}).\n`;
  const lines = engine.processes.map(
    (p) => `  ${p.name.padEnd(10)} ${p.phase.padEnd(9)} ${p.pid === null ? "" : `pid ${p.pid}`}`,
  );
  return `Sluice is ${engine.ready ? "ready" : "not ready"}: ${engine.api?.url ?? ""} (home ${engine.home})\n${lines.join("\n")}\n`;
}

function describeWorkloads({ deployments, releases }: Workloads): string {
  const sections: string[] = [];
  if (deployments.length > 0)
    sections.push(
      "",
      "Deployments:",
      lines(deployments, ({ ready }) => ready),
    );
  if (releases.length > 0)
    sections.push(
      "",
      "Releases:",
      lines(releases, ({ phase }) => phase),
    );
  return sections.length === 0 ? "" : `${sections.join("\n")}\n`;
}

/** One line each, and what is to be said of it on a line of its own. */
function lines<T extends WorkloadStatus>(all: readonly T[], state: (one: T) => string): string {
  const table = new ColumnWriter(0, 2).write(all.map((one) => [`  ${one.namespace}/${one.name}`, state(one)]));
  const said = all.map(({ stuck, message }) => (stuck ? `STUCK: ${stuck.message}` : message));
  return table
    .trimEnd()
    .split("\n")
    .map((line, i) => (said[i] ? `${line}\n    ${said[i]}` : line))
    .join("\n");
}
