import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { HttpsClient } from "../client/https-client.ts";
import { readKubeconfig } from "../client/kubeconfig.ts";
import { Transport } from "../client/transport.ts";
import { readConfig } from "../engine/config.ts";
import { claimPort } from "../engine/free-port.ts";
import { homeAt, prepareHome } from "../engine/home.ts";
import { writeState } from "../engine/process-record.ts";
import { startPulse } from "../engine/pulse.ts";
import { EXIT_CONFIG } from "../engine/respawner.ts";
import { addressPlan, claimSlice } from "../engine/slice.ts";
import { kill } from "../engine/supervisor.ts";
import { Watchdog } from "../engine/watchdog.ts";
import { limitsFor } from "../mesh/dataplane/limits.ts";
import { AccessLogFile } from "../mesh/worker/access-log-file.ts";
import { MeshWorker } from "../mesh/worker/worker.ts";
import { WorkerFolder } from "../mesh/worker/worker-folder.ts";
import { lineLogger } from "../observe/line-logger.ts";
import { descriptorWriter } from "../observe/log-file.ts";
import { systemClock as clock } from "./system-clock.ts";
import { systemRandom as random } from "./system-random.ts";

// mesh-worker.js --home DIR --name mesh-1: one of the processes that carry the traffic.

// Routes hold regular expressions, and requests what they are matched with: `(a+)+b` on forty `a` must not hold up everybody else for
// minutes. V8 then changes over to an engine whose time is linear.
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

const { values } = parseArgs({ options: { home: { type: "string" }, name: { type: "string" } } });
const { home: root, name } = values;
const log = lineLogger(clock, descriptorWriter(2), { process: name });
if (!root || !name) {
  log.error("usage: mesh-worker --home DIR --name NAME");
  process.exit(EXIT_CONFIG);
}
const home = homeAt(root);
prepareHome(home);
// Sockets are named relative to here: the path of a unix socket must not be longer than 107 bytes.
process.chdir(home.run);

// A worker that outlives its control process keeps other engines off its addresses and ports (src/engine/claim.ts).
const config = readConfig(home);
if (!config || !(await claimSlice(config.slice, true))) {
  log.error("the addresses of this home are in use by another engine, or it has none yet", { slice: config?.slice });
  process.exit(1);
}
await Promise.all([claimPort(config.apiPort, true), claimPort(config.kubeletPort, true)]);

const { endpoint } = await readKubeconfig(home.kubeconfig);
const client = new HttpsClient(new Transport(endpoint, `sluice-${name}`), { fieldManager: name });
const folder = new WorkerFolder(join(home.mesh, name), clock, log);
const accessLog = new AccessLogFile(join(home.logs, `${name}-access.log`), clock, log);
const worker = new MeshWorker({
  client,
  clock,
  random,
  log,
  limits: limitsFor(readFileSync("/proc/self/limits", "utf8")),
  accessLog,
  folder,
  name,
  pid: process.pid,
  run: ".",
  engine: home.root,
  namesProxy: addressPlan(config.slice).namesProxy,
});

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void worker
      .stop()
      .then(() => accessLog[Symbol.asyncDispose]())
      // Not 0: a worker that was told to end by itself comes back; only its respawner ends it for good.
      .finally(() => process.exit(143));
  });

await worker.start();
await startPulse(".", name).catch((error: unknown) => log.error("serving without a pulse", { error }));
writeState(home.run, name, { pid: process.pid, phase: "ready" });
// A minute: much work at once may hold the control process up for some seconds, and nobody's traffic waits for it.
new Watchdog({ run: ".", names: () => ["control"], patience: 60_000, clock, log, kill }).start();
log.info("serving");
flushCompileCache();
