import { existsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CONTROLLERS, RELEASE_CONTROLLER, SCHEDULER } from "../apiserver/auth/engine-users.ts";
import { Informers } from "../client/informers.ts";
import { ControllerManager } from "../controllers/manager.ts";
import { type EngineConfig, readConfig } from "../engine/config.ts";
import { claimPort, freePort, isPortFree } from "../engine/free-port.ts";
import { type Home, homeAt, prepareHome } from "../engine/home.ts";
import { readyPid, recordedNames, writeState } from "../engine/process-record.ts";
import { startPulse } from "../engine/pulse.ts";
import { EXIT_CONFIG } from "../engine/respawner.ts";
import { addressPlan, claimSlice } from "../engine/slice.ts";
import { kill } from "../engine/supervisor.ts";
import { Watchdog } from "../engine/watchdog.ts";
import { AppError } from "../lib/app-error.ts";
import { lineLogger } from "../observe/line-logger.ts";
import { descriptorWriter } from "../observe/log-file.ts";
import type { MeshProcess } from "../plan/node/drain.ts";
import { httpSmokeClient } from "../release/http-smoke-client.ts";
import { ReleaseController } from "../release/release-controller.ts";
import { type RunningApiServer, startApiServer } from "./api-server.ts";
import type { Isolation } from "../node/process/host-tools.ts";
import { probeMachine, type RunningNode, startNodeAgent, type StartNodeOptions } from "./node-agent.ts";
import { volumeDirectory } from "./volume-directory.ts";
import { packageVersion } from "./package-version.ts";
import { systemClock as clock } from "./system-clock.ts";
import { systemRandom as random } from "./system-random.ts";

// control.js --home DIR: the control process: API server, controllers, release controller, node agent.

const NAME = "control";
/** Name of this machine's Node object. */
const NODE_NAME = "sluice";
const log = lineLogger(clock, descriptorWriter(2), { process: NAME });

/** Failures that may be over when it is tried again. */
const PASSING: ReadonlySet<string> = new Set(["port-taken", "home-in-use", "no-addresses"]);

/** What runs in this process. */
interface Parts extends AsyncDisposable {
  readonly releases: AsyncDisposable;
  readonly node: RunningNode | undefined;
}

async function start(home: Home, config: EngineConfig): Promise<Parts> {
  await using parts = new AsyncDisposableStack();
  for (const claim of await takeClaims(config)) parts.use(claim);
  const isolation = config.without.includes("node") ? undefined : probeAhead(home);
  const version = packageVersion(import.meta.dirname);
  const common = { home, slice: config.slice, nodeName: NODE_NAME, version, clock, random, log };
  const api = parts.use(await startApiServer({ ...common, port: config.apiPort }));
  parts.use(await startControllers(home, api));
  const releases = parts.use(startReleases(api));
  const node = isolation && parts.use(await startNode({ ...common, isolation }, config, api));
  const running = parts.move();
  return { releases, node, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The probe waits for programs that it starts, for longer than the API server needs to start: begun before that, it costs nothing. */
function probeAhead(home: Home): Promise<Isolation> {
  const isolation = probeMachine(home);
  // Heard by whoever awaits it; nobody does when the API server cannot start.
  isolation.catch(() => undefined);
  return isolation;
}

function startControllers(home: Home, { server, pki, types }: RunningApiServer): Promise<ControllerManager> {
  return ControllerManager.start({
    client: server.client(CONTROLLERS, "kube-controller-manager"),
    scheduler: server.client(SCHEDULER, "kube-scheduler"),
    types,
    ca: pki.ca,
    host: NODE_NAME,
    volumes: volumeDirectory(home.volumes),
    clock,
    random,
    log,
  });
}

function startReleases({ server }: RunningApiServer): AsyncDisposable {
  const parts = new AsyncDisposableStack();
  const client = server.client(RELEASE_CONTROLLER, "sluice-release");
  const deps = { client, clock, random, log: log.child({ part: "release" }) };
  const informers = parts.use(new Informers(client, deps));
  const capabilities = { acknowledges: true, trips: true };
  parts.use(new ReleaseController({ ...deps, informers, smoke: httpSmokeClient, capabilities }));
  return parts;
}

async function startNode(
  common: Omit<StartNodeOptions, "kubeletPort" | "client" | "identity" | "ca">,
  config: EngineConfig,
  { server, pki }: RunningApiServer,
): Promise<RunningNode> {
  const client = server.client({ username: `system:node:${NODE_NAME}`, groups: ["system:nodes"] }, "kubelet");
  const { namesProxy } = addressPlan(common.slice);
  // The Node says which port it is: a stranger who has taken the usual one need not keep us from starting.
  const isFree = await isPortFree(config.kubeletPort);
  const kubeletPort = isFree ? config.kubeletPort : await freePort(config.kubeletPort, common.home.root);
  const meshProcesses = (): readonly MeshProcess[] => servingWorkers(common.home);
  return startNodeAgent({
    ...common,
    namesProxy,
    kubeletPort,
    client,
    meshProcesses,
    identity: pki.kubelet,
    ca: pki.ca,
  });
}

const workerNames = ({ run }: Home): readonly string[] => recordedNames(run).filter((name) => name !== NAME);

function servingWorkers(of: Home): readonly MeshProcess[] {
  return workerNames(of).flatMap((name) => {
    const pid = readyPid(of.run, name);
    return pid === undefined ? [] : [{ name, pid }];
  });
}

/** Each guards the others: this process the mesh workers, each of them this process. */
function watchWorkers(of: Home): void {
  new Watchdog({ run: ".", names: () => workerNames(of), patience: 10_000, clock, log, kill }).start();
}

/** What is to be nobody else's for as long as a process of this engine lives (src/engine/claim.ts). */
async function takeClaims({ slice, apiPort, kubeletPort }: EngineConfig): Promise<readonly Disposable[]> {
  const addresses = await claimSlice(slice, true);
  if (!addresses)
    throw new AppError("no-addresses", `the addresses 127.${slice}.0.0/16 are in use by another user's engine`);
  const ports = await Promise.all([claimPort(apiPort, true), claimPort(kubeletPort, true)]);
  return [addresses, ...ports.filter((claim) => claim !== undefined)];
}

const { values } = parseArgs({ options: { home: { type: "string" } } });
const home = homeAt(values.home ?? ".");
try {
  prepareHome(home);
  process.chdir(home.run);
  const config = readConfig(home);
  if (!config) throw new AppError("not-configured", `${home.config} is missing: start the engine with sluice up`);
  writeState(home.run, NAME, { pid: process.pid, phase: "starting" });
  const starting = start(home, config);
  // Heard from the beginning: only who has found the pods of its predecessor can end them.
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void starting.then(stop, () => undefined));
  await starting;
  await startPulse(".", NAME).catch((error: unknown) => log.error("running without a pulse", { error }));
  writeState(home.run, NAME, { pid: process.pid, phase: "ready" });
  watchWorkers(home);
  log.info("ready", { port: config.apiPort });
  // Node would write it at the end only, which a process that is killed does not have.
  flushCompileCache();
} catch (error) {
  fail(error);
}

/** SIGTERM is a restart, in which pods go on, unless the marker of `sluice down` says that it is the end. */
async function stop(parts: Parts): Promise<void> {
  const end = existsSync(join(home.run, "down"));
  log.info("stopping", { end });
  if (end) {
    // A pod that is stopped now has not failed: nobody is to take a new version back for it.
    await parts.releases[Symbol.asyncDispose]();
    await parts.node?.agent.shutDown();
  }
  await parts[Symbol.asyncDispose]();
  // Not 0: a control process that was told to end by itself comes back; only its respawner ends it for good.
  process.exit(143);
}

/**
 * What a person must mend is said once (`sluice up` shows it); the rest is a crash, after which we come back, and so is what a
 * predecessor or a passing connection may hold for a moment.
 */
function fail(error: unknown): never {
  log.error("start failed", { error });
  if (!(error instanceof AppError)) process.exit(1);
  const { code, message } = error;
  try {
    writeState(home.run, NAME, { pid: process.pid, phase: "failed", code, message });
  } catch {
    // The home cannot be written: the log has said it.
  }
  process.exit(PASSING.has(code) ? 1 : EXIT_CONFIG);
}
