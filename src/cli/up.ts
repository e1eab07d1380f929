import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type EngineConfig, readConfig, writeConfig } from "../engine/config.ts";
import { freePort, isPortFree } from "../engine/free-port.ts";
import { type Home, prepareHome } from "../engine/home.ts";
import { takeLock } from "../engine/lock.ts";
import { readRecord, recordedNames } from "../engine/process-record.ts";
import { claimSlice, findFreeSlice } from "../engine/slice.ts";
import { ensureRunning, untilReady } from "../engine/supervisor.ts";
import { AppError } from "../lib/app-error.ts";
import type { Context } from "./context.ts";
import { down } from "./down.ts";
import { controlSpec, meshSpecs } from "./processes.ts";

export interface UpOptions {
  readonly port?: number;
  readonly without?: readonly "node"[];
  readonly foreground?: boolean;
}

/** The API server is there within a second; a slow disk or machine gets a minute before we call it a failure. */
const START_TIMEOUT = 60_000;

/**
 * Starts what does not run, mends what is half there, and returns when the API answers and every mesh worker serves.
 * On an engine that runs it changes nothing.
 */
export async function up(context: Context, options: UpOptions): Promise<void> {
  const home = context.home();
  prepareHome(home);
  const config = await start(context, home, options);
  context.stdout.write(greeting(home, config));
  if (options.foreground) {
    await aborted(context.signal);
    await down(context);
  }
}

async function start(context: Context, home: Home, options: UpOptions): Promise<EngineConfig> {
  using _lock = takeLock(join(home.run, "up.lock"));
  rmSync(join(home.run, "down"), { force: true });
  const running = readRecord(home.run, "control").pid !== undefined;
  const config = await configure(home, options, running);
  await ensureRunning(home, [controlSpec(context, home)], context.clock);
  await untilReady(home, "control", context.clock, START_TIMEOUT, context.signal);
  const workers = meshSpecs(context, home, availableParallelism());
  await ensureRunning(home, workers, context.clock);
  for (const worker of workers) await untilReady(home, worker.name, context.clock, START_TIMEOUT, context.signal);
  return config;
}

async function configure(home: Home, options: UpOptions, running: boolean): Promise<EngineConfig> {
  const kept = readConfig(home);
  if (running && kept) {
    refuseChange(kept, options);
    return kept;
  }
  const apiPort = options.port ?? kept?.apiPort ?? (await freePort(6443));
  if (!(await isPortFree(apiPort)))
    throw new AppError(
      "port-taken",
      `port ${apiPort} on 127.0.0.1 is taken by another program; choose one: sluice up --port N`,
    );
  const kubeletPort = kept && (await isPortFree(kept.kubeletPort)) ? kept.kubeletPort : await freePort(10_250);
  const slice = kept?.slice ?? (await findFreeSlice(home.root));
  if (slice === undefined)
    throw new AppError("no-addresses", "all 64 address ranges 127.64.0.0/16 … 127.127.0.0/16 are in use by engines");
  await refuseSharedSlice(home, slice);
  const config: EngineConfig = {
    version: 1,
    slice,
    apiPort,
    kubeletPort,
    without: options.without ?? kept?.without ?? [],
  };
  writeConfig(home, config);
  return config;
}

/** Workers of this very engine may hold the slice while its control process is gone; another engine may not. */
async function refuseSharedSlice(home: Home, slice: number): Promise<void> {
  const ours = recordedNames(home.run).some((name) => readRecord(home.run, name).pid !== undefined);
  if (ours) return;
  const claim = await claimSlice(slice, false);
  if (!claim)
    throw new AppError(
      "no-addresses",
      `the addresses 127.${slice}.0.0/16 of this home are in use by another engine; stop that one first (sluice down --home …)`,
    );
  claim[Symbol.dispose]();
}

function refuseChange(kept: EngineConfig, options: UpOptions): void {
  const port = options.port !== undefined && options.port !== kept.apiPort;
  const parts = options.without !== undefined && options.without.join() !== kept.without.join();
  if (port || parts)
    throw new AppError("already-running", "the engine already runs with other settings; run sluice down first");
}

function greeting(home: Home, config: EngineConfig): string {
  return [
    `Sluice is up: https://127.0.0.1:${config.apiPort} (home ${home.root})`,
    "",
    `  export KUBECONFIG=${home.kubeconfig}`,
    "  kubectl get nodes",
    "",
    "sluice status shows what runs, sluice down stops it.",
    "",
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
