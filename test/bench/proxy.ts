import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { MeshWorld } from "../support/mesh-world.ts";
import type { Report } from "./store.ts";

const run = promisify(execFile);
/** The measure of the product: one core, connections that are kept, answers of 100 bytes. */
const CONTENT = "0123456789".repeat(10);
const CONNECTIONS = 32;
const SECONDS = 3;
const ROUNDS = 3;

interface Proxy {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

/** CPU time per proxied request of a mesh worker, with its access log, and of HAProxy and nginx, without, in turns in one run. */
export async function benchProxy(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const children: ChildProcess[] = [];
  await using world = await MeshWorld.start();
  try {
    const backend = { address: world.podAddress(9), port: 8080 };
    await startBackend(children, folder, backend);
    const proxies = [
      await startSluice(world, backend),
      ...(await startPeer(children, "haproxy", folder, world.podAddress(10), haproxyConfig(backend))),
      ...(await startPeer(children, "nginx", folder, world.podAddress(11), nginxConfig(folder, backend))),
    ];
    for (const proxy of proxies) await load(proxy, 1);
    const costs = new Map<string, Measured[]>();
    for (let round = 0; round < ROUNDS; round++)
      for (const proxy of proxies)
        costs.set(proxy.name, [...(costs.get(proxy.name) ?? []), await load(proxy, SECONDS)]);
    const ours = median((costs.get("sluice") ?? []).map((m) => m.cpu));
    for (const [name, measured] of costs) {
      const cpu = median(measured.map((m) => m.cpu));
      report(`proxy: ${name}, CPU per request`, cpu, "us");
      report(`proxy: ${name}, requests a second on one core`, 1e6 / cpu, "1/s");
      if (name !== "sluice") report(`proxy: sluice against ${name}, CPU per request`, ours / cpu, "x");
    }
    report("proxy: sluice, memory of the worker under load (PSS)", memory(proxies[0]?.pid ?? 0) / 1e6, "MB");
  } finally {
    // Not SIGKILL: nginx must end its workers itself.
    const running = children.filter((child) => child.exitCode === null && child.kill());
    await Promise.all(running.map((child) => once(child, "exit")));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  /** Microseconds of CPU time per request. */
  readonly cpu: number;
}

/** Sends requests for some seconds, and looks what the proxy's process used meanwhile. */
async function load(proxy: Proxy, seconds: number): Promise<Measured> {
  const before = cpuTime(proxy.pid);
  const requests = await send(proxy, seconds);
  return { cpu: (cpuTime(proxy.pid) - before) / 1e3 / requests };
}

/** wrk where it is, else a loop of our own in a process of its own; the number of requests that were answered. */
async function send({ address, port }: Proxy, seconds: number): Promise<number> {
  if (installed("wrk")) {
    const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, `http://${address}:${port}/`];
    const { stdout } = await run(...onCore(0, "wrk", args));
    const failed = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(stdout)?.[0];
    if (failed) throw new Error(`the load failed: ${failed}`);
    return Number(/(\d+) requests in/.exec(stdout)?.[1]);
  }
  const program = join(import.meta.dirname, "raw-load.ts");
  const args = [program, address, String(port), String(CONNECTIONS), String(seconds)];
  const { stdout } = await run(...onCore(0, process.execPath, args));
  return Number(stdout);
}

async function startSluice(world: MeshWorld, backend: { address: string; port: number }): Promise<Proxy> {
  const address = await world.service("bench");
  const version = await world.endpoints("bench", [backend]);
  const program = join(import.meta.dirname, "../../dist/main/mesh-worker.js");
  const [command, args] = onCore(1, process.execPath, [program, "--home", world.home.root, "--name", "mesh-1"]);
  const child = await world.startWorker("mesh-1", [command, ...args]);
  await world.until("mesh-1", ({ applied }) => Number(applied?.["endpointslices"]) >= Number(version));
  return { name: "sluice", pid: child.pid ?? 0, address, port: 8080 };
}

type Config = (
  address: string,
  port: number,
) => readonly [file: string, args: (path: string) => readonly string[], text: string];

/** Empty, with one line that says so, when the peer is not installed. */
async function startPeer(
  children: ChildProcess[],
  name: string,
  folder: string,
  address: string,
  config: Config,
): Promise<readonly Proxy[]> {
  if (!installed(name)) {
    console.log(`proxy: ${name} is not installed: not compared`);
    return [];
  }
  const port = 8080;
  const [file, args, text] = config(address, port);
  const path = join(folder, file);
  writeFileSync(path, text);
  const child = start(children, onCore(1, name, args(path)));
  await reachable(address, port);
  // Workers do the work: the process itself where there are none.
  const pid = childOf(child.pid ?? 0) ?? child.pid ?? 0;
  return [{ name, pid, address, port }];
}

const haproxyConfig =
  (backend: { address: string; port: number }): Config =>
  (address, port) => [
    "haproxy.cfg",
    (path) => ["-db", "-f", path],
    `global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
  option forwardfor
frontend front
  bind ${address}:${port}
  default_backend back
backend back
  server one ${backend.address}:${backend.port}
`,
  ];

const nginxConfig =
  (folder: string, backend: { address: string; port: number }): Config =>
  (address, port) => [
    "nginx-proxy.conf",
    (path) => ["-c", path, "-p", folder],
    nginxText(
      folder,
      "proxy",
      `upstream back { server ${backend.address}:${backend.port}; keepalive 64; }
server {
  listen ${address}:${port};
  location / { proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; }
}`,
    ),
  ];

const nginxText = (folder: string, name: string, http: string): string => `worker_processes 1;
daemon off;
pid ${join(folder, `${name}.pid`)};
error_log ${join(folder, `${name}.log`)};
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 300s; client_body_temp_path ${folder}; proxy_temp_path ${folder};
fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
${http}
}
`;

/** The cheapest server at hand: its own speed must not be what is measured. */
async function startBackend(
  children: ChildProcess[],
  folder: string,
  { address, port }: { address: string; port: number },
): Promise<void> {
  if (installed("nginx")) {
    const path = join(folder, "nginx-backend.conf");
    writeFileSync(
      path,
      nginxText(folder, "backend", `server { listen ${address}:${port}; location / { return 200 "${CONTENT}"; } }`),
    );
    start(children, onCore(0, "nginx", ["-c", path, "-p", folder]));
  } else
    start(
      children,
      onCore(0, process.execPath, [join(import.meta.dirname, "raw-backend.ts"), address, String(port), CONTENT]),
    );
  await reachable(address, port);
}

function start(children: ChildProcess[], [command, args]: readonly [string, string[]]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  children.push(child);
  return child;
}

/** The command on one core, where taskset and two cores are there: proxy on one, load and backend on the other. */
function onCore(core: number, command: string, args: readonly string[]): [string, string[]] {
  if (!installed("taskset") || availableParallelism() < 2) return [command, [...args]];
  return ["taskset", ["-c", String(core), command, ...args]];
}

const installed = (program: string): boolean =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .concat("/usr/sbin")
    .some((folder) => readdir(folder).includes(program));

function readdir(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function reachable(address: string, port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, address);
    const answered = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (answered) return;
    if (tries === 200) throw new Error(`nobody listens on ${address}:${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Nanoseconds on a CPU of all threads of a process. */
function cpuTime(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]))
    .reduce((a, b) => a + b);
}

function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}

const memory = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1024;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
