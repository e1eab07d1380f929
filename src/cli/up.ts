import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type EngineConfig, forgetConfig, readConfig, writeConfig } from "../engine/config.ts";
import { freePort, isPortFree, isPortUnclaimed } from "../engine/free-port.ts";
import { type Home, prepareHome } from "../engine/home.ts";
import { takeLock } from "../engine/lock.ts";
import { readRecord, recordedNames } from "../engine/process-record.ts";
import { claimSlice, findFreeSlice } from "../engine/slice.ts";
import { ensureRunning, stopProcesses, untilReady, untilStopped } from "../engine/supervisor.ts";
import { AppError } from "../lib/app-error.ts";
import type { Context } from "./context.ts";
import { down } from "./down.ts";
import { controlSpec, LOCK_TIMEOUT, meshSpecs, START_TIMEOUT } from "./processes.ts";

export interface UpOptions {
  readonly port?: number;
  readonly without?: readonly "node"[];
  readonly foreground?: boolean;
}

/**
 * Starts what does not run, mends what is half there, and returns when the API answers and every mesh worker serves.
 * On an engine that runs it changes nothing.
 */
export async function up(context: Context, options: UpOptions): Promise<void> {
  const home = context.home();
  prepareHome(home);
  const config = await start(context, home, options);
  context.stdout.write(greeting(home, config));
  if (!options.foreground) return;
  await untilStopped(home, context.clock, context.signal);
  if (context.signal.aborted) await down(context);
}

async function start(context: Context, home: Home, options: UpOptions): Promise<EngineConfig> {
  const { clock, signal } = context;
  using _lock = await takeLock(home.lock, clock, LOCK_TIMEOUT);
  rmSync(join(home.run, "down"), { force: true });
  const config = await startControl(context, home, options);
  const workers = meshSpecs(context, home, availableParallelism());
  await ensureRunning(home, workers, clock);
  for (const worker of workers) await untilReady(home, worker.name, clock, START_TIMEOUT, signal);
  return config;
}

/** What does not say that the control process has failed: it may still be starting. */
const NO_FAILURE: ReadonlySet<string> = new Set(["start-timeout", "interrupted"]);

/** Ports that nobody has asked for or got used to are chosen anew when another program takes them first. */
async function startControl(context: Context, home: Home, options: UpOptions): Promise<EngineConfig> {
  const { clock, signal } = context;
  for (let attempt = 1; ; attempt++) {
    const { pid, respawner } = readRecord(home.run, "control");
    const kept = readConfig(home);
    const config = await configure(home, options, kept, pid !== undefined || respawner !== undefined);
    try {
      await ensureRunning(home, [controlSpec(context, home)], clock);
      await untilReady(home, "control", clock, START_TIMEOUT, signal);
      return config;
    } catch (error) {
      if (!(error instanceof AppError) || NO_FAILURE.has(error.code) || respawner !== undefined) throw error;
      await stopProcesses(home, ["control"], clock, START_TIMEOUT);
      if (kept || error.code !== "port-taken") throw error;
      forgetConfig(home);
      if (options.port !== undefined || attempt === 3) throw error;
    }
  }
}

async function configure(
  home: Home,
  options: UpOptions,
  kept: EngineConfig | undefined,
  running: boolean,
): Promise<EngineConfig> {
  if (running && kept) {
    refuseChange(kept, options);
    return kept;
  }
  // Workers of this very engine may live on, and with them its claims.
  const ours = recordedNames(home.run).some((name) => readRecord(home.run, name).pid !== undefined);
  const ports = await choosePorts(home, options, kept, ours ? isPortFree : isPortUnclaimed);
  const slice = kept?.slice ?? (await findFreeSlice(home.root));
  if (slice === undefined)
    throw new AppError("no-addresses", "all 64 address ranges 127.64.0.0/16 … 127.127.0.0/16 are in use by engines");
  if (!ours) await refuseSharedSlice(slice);
  const config: EngineConfig = {
    version: 1,
    slice,
    ...ports,
    without: options.without ?? kept?.without ?? [],
  };
  writeConfig(home, config);
  return config;
}

async function choosePorts(
  home: Home,
  options: UpOptions,
  kept: EngineConfig | undefined,
  isFree: (port: number) => Promise<boolean>,
): Promise<Pick<EngineConfig, "apiPort" | "kubeletPort">> {
  const apiPort = options.port ?? kept?.apiPort ?? (await freePort(6443, home.root));
  if (!(await isFree(apiPort)))
    throw new AppError(
      "port-taken",
      `port ${apiPort} on 127.0.0.1 is taken by another program; choose one: sluice up --port N`,
    );
  const kubeletPort = kept && (await isFree(kept.kubeletPort)) ? kept.kubeletPort : await freePort(10_250, home.root);
  return { apiPort, kubeletPort };
}

async function refuseSharedSlice(slice: number): Promise<void> {
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
