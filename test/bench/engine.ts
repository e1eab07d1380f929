import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpsClient } from "../../src/client/https-client.ts";
import { readKubeconfig } from "../../src/client/kubeconfig.ts";
import { Transport } from "../../src/client/transport.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import type { Deployment } from "../../src/api/generated/apps-v1.ts";
import type { HTTPRoute } from "../../src/api/generated/gateway-networking-k8s-io.ts";
import { deployments, httproutes, meshworkers, pods, services } from "../../src/api/generated/resources.ts";
import type { Pod, Service } from "../../src/api/generated/core-v1.ts";
import type { Draft } from "../../src/api/object.ts";
import type { Report } from "./store.ts";

const sluice = join(import.meta.dirname, "../../bin/sluice");
const IMAGE = "bench:1";
const PROGRAM = `require("node:http").createServer((q, s) => s.end("ok")).listen(process.env.PORT, process.env.HOST)`;

/** An engine as a user has it: how soon it is there, what it costs at rest, how soon a pod runs and a route counts. */
export async function benchEngine(report: Report): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const home = join(root, "home");
  const run = (...args: readonly string[]): string =>
    execFileSync(sluice, ["--home", home, ...args], { encoding: "utf8" });
  try {
    run("image", "build", buildContext(root), "-t", IMAGE);
    const first = performance.now();
    run("up");
    report("engine: up on a new home", performance.now() - first, "ms");
    run("down");
    const again = performance.now();
    run("up");
    report("engine: up on a home that was used", performance.now() - again, "ms");
    const { endpoint } = await readKubeconfig(join(home, "kubeconfig"));
    const client = new HttpsClient(new Transport(endpoint, "bench"), { fieldManager: "bench" });
    await idle(10_000);
    report("engine: idle memory of all processes (PSS)", proportionalMemory(home) / 1e6, "MB");
    await podStart(client, report);
    await routeChange(client, report);
  } finally {
    spawnSync(sluice, ["--home", home, "down"]);
    rmSync(root, { recursive: true, force: true });
  }
}

function buildContext(root: string): string {
  const context = join(root, "image");
  mkdirSync(context);
  writeFileSync(join(context, "server.js"), PROGRAM);
  writeFileSync(join(context, "Dockerfile"), `FROM scratch\nCOPY server.js /app/\nCMD ["node", "/app/server.js"]\n`);
  return context;
}

/** Sum over everything whose command line names the home: each page counts in proportion to who shares it. */
function proportionalMemory(home: string): number {
  let kilobytes = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(home)) continue;
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // It has ended meanwhile.
    }
  }
  return kilobytes * 1024;
}

/** From the request that creates a pod to its status Running, median of ten; the program alone needs most of it. */
async function podStart(client: ApiClient, report: Report): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 10; i++) {
    const name = `bench-${i}`;
    const abort = new AbortController();
    const events = client.watch(pods, { namespace: "default", fieldSelector: `metadata.name=${name}` }, abort.signal);
    const began = performance.now();
    const draft = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec: podSpec() };
    await client.create<Pod>(pods, draft as Draft<Pod>);
    for await (const event of events) {
      if (event.type !== "BOOKMARK" && event.object.status?.phase === "Running") abort.abort();
    }
    times.push(performance.now() - began);
    await client.delete(pods, name, "default", { gracePeriodSeconds: 0 });
  }
  const program = performance.now();
  spawnSync(process.execPath, ["-e", "0"]);
  report("pod: created to Running, median", median(times), "ms");
  report("pod: the program's own start", performance.now() - program, "ms");
}

const podSpec = (): Pod["spec"] => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: "c", image: IMAGE, imagePullPolicy: "IfNotPresent", ports: [{ containerPort: 8080 }] }],
});

/** From the request that changes a route to the acknowledgement of every mesh worker, median of twenty. */
async function routeChange(client: ApiClient, report: Report): Promise<void> {
  const labels = { app: "bench" };
  const metadata = { name: "bench", namespace: "default" };
  const template = { metadata: { labels }, spec: podSpec() };
  await client.create<Deployment>(deployments, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: { selector: { matchLabels: labels }, template },
  } as Draft<Deployment>);
  await client.create<Service>(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ port: 8080 }] },
  } as Draft<Service>);
  let route = await client.create<HTTPRoute>(httproutes, {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata,
    spec: routeSpec(1),
  } as Draft<HTTPRoute>);
  const times: number[] = [];
  await using acknowledged = await Acknowledgements.start(client);
  for (let weight = 2; weight < 22; weight++) {
    const began = performance.now();
    route = await client.patch(httproutes, "bench", "default", { type: "merge", body: { spec: routeSpec(weight) } });
    await acknowledged.reach(Number(route.metadata.resourceVersion));
    times.push(performance.now() - began);
  }
  report("route: changed to in force on all workers, median", median(times), "ms");
}

const routeSpec = (weight: number): HTTPRoute["spec"] => ({
  parentRefs: [{ group: "", kind: "Service", name: "bench" }],
  rules: [{ backendRefs: [{ name: "bench", port: 8080, weight }] }],
});

/** What the mesh workers say of the routes, over one watch: a connection for each look would cost more than what is measured. */
class Acknowledgements implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #applied = new Map<string, number>();
  #watching: Promise<void> = Promise.resolve();
  #heard: () => void = () => undefined;

  static async start(client: ApiClient): Promise<Acknowledgements> {
    const acknowledgements = new Acknowledgements();
    const { items } = await client.list(meshworkers);
    for (const { metadata } of items) acknowledgements.#applied.set(metadata.name, 0);
    acknowledgements.#watching = acknowledgements.#watch(client);
    return acknowledgements;
  }

  /** Resolves when every worker has this version of the route, or a later one, in force. */
  async reach(version: number): Promise<void> {
    while ([...this.#applied.values()].some((seen) => seen < version))
      await new Promise<void>((resolve) => (this.#heard = resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(client: ApiClient): Promise<void> {
    for await (const event of client.watch(meshworkers, {}, this.#stop.signal)) {
      if (event.type === "BOOKMARK") continue;
      const { metadata, status } = event.object;
      this.#applied.set(metadata.name, Number(status?.applied?.[httproutes.plural] ?? 0));
      this.#heard();
    }
  }
}

const idle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
