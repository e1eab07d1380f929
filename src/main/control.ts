import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type EngineConfig, readConfig } from "../engine/config.ts";
import { type Home, homeAt, prepareHome } from "../engine/home.ts";
import { writeState } from "../engine/process-record.ts";
import { EXIT_CONFIG } from "../engine/respawner.ts";
import { claimSlice } from "../engine/slice.ts";
import { AppError } from "../lib/app-error.ts";
import { lineLogger } from "../observe/line-logger.ts";
import { descriptorWriter } from "../observe/log-file.ts";
import { startApiServer } from "./api-server.ts";
import { packageVersion } from "./package-version.ts";
import { systemClock as clock } from "./system-clock.ts";
import { systemRandom as random } from "./system-random.ts";

// control.js --home DIR: the control process: API server, controllers, release controller, node agent.

const NAME = "control";
const log = lineLogger(clock, descriptorWriter(2), { process: NAME });

async function start(home: Home, config: EngineConfig): Promise<AsyncDisposableStack> {
  await using parts = new AsyncDisposableStack();
  parts.use(await claim(config.slice));
  parts.use(
    await startApiServer({
      home,
      slice: config.slice,
      port: config.apiPort,
      nodeName: NAME,
      version: packageVersion(import.meta.dirname),
      clock,
      random,
      log,
    }),
  );
  return parts.move();
}

async function claim(slice: number): Promise<Disposable> {
  const held = await claimSlice(slice, true);
  if (!held)
    throw new AppError("no-addresses", `the addresses 127.${slice}.0.0/16 are in use by another user's engine`);
  return held;
}

const { values } = parseArgs({ options: { home: { type: "string" } } });
const home = homeAt(values.home ?? ".");
try {
  prepareHome(home);
  process.chdir(home.run);
  const config = readConfig(home);
  if (!config) throw new AppError("not-configured", `${home.config} is missing: start the engine with sluice up`);
  writeState(home.run, NAME, { pid: process.pid, phase: "starting" });
  const parts = await start(home, config);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(parts));
  writeState(home.run, NAME, { pid: process.pid, phase: "ready" });
  log.info("ready", { port: config.apiPort });
} catch (error) {
  fail(error);
}

/** SIGTERM is a restart, in which pods go on, unless the marker of `sluice down` says that it is the end. */
async function stop(parts: AsyncDisposableStack): Promise<void> {
  log.info("stopping", { end: existsSync(join(home.run, "down")) });
  await parts.disposeAsync();
  // Not 0: a control process that was told to end by itself comes back; only its respawner ends it for good.
  process.exit(143);
}

/** What a person must mend is said once (`sluice up` shows it); the rest is a crash, after which we come back. */
function fail(error: unknown): never {
  log.error("start failed", { error });
  if (!(error instanceof AppError)) process.exit(1);
  const { code, message } = error;
  try {
    writeState(home.run, NAME, { pid: process.pid, phase: "failed", code, message });
  } catch {
    // The home cannot be written: the log has said it.
  }
  process.exit(EXIT_CONFIG);
}
