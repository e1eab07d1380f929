import { configmaps, deployments, namespaces, serviceaccounts } from "../../src/api/generated/resources.ts";
import type { ConfigMap } from "../../src/api/generated/core-v1.ts";
import type { Draft } from "../../src/api/object.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { HttpsClient } from "../../src/client/https-client.ts";
import { readKubeconfig } from "../../src/client/kubeconfig.ts";
import { Transport } from "../../src/client/transport.ts";
import { embeddedApiServer } from "../support/embedded-api-server.ts";

type Report = (name: string, value: number, unit: string) => void;

const NAMESPACE = "bench";
const MILLISECONDS = 1500;
const OBJECTS = 1000;
const WATCH_ROUNDS = 200;

/** What the API server costs, in its own process and over HTTPS. */
export async function benchApiServer(report: Report): Promise<void> {
  const begin = performance.now();
  await using embedded = await embeddedApiServer();
  report("API server: start with first certificates", performance.now() - begin, "ms");
  const { server } = embedded.running;
  const inProcess = server.client({ username: "bench", groups: ["system:masters"] });
  await inProcess.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE }, spec: {} });
  await inProcess.create(serviceaccounts, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace: NAMESPACE },
  });
  const { endpoint } = await readKubeconfig(embedded.home.kubeconfig);
  using transport = new Transport(endpoint, "sluice-bench/0");
  const https = new HttpsClient(transport);

  await benchWrites("in process", inProcess, report);
  await benchReads("in process", inProcess, report);
  await benchWrites("over HTTPS", https, report);
  await benchReads("over HTTPS", https, report);
  await benchWatch("in process", inProcess, inProcess, report);
  await benchWatch("over HTTPS", https, inProcess, report);
}

function configMap(name: string, turn: number): Draft<ConfigMap> {
  const data = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key-${i}`, `value ${i} of turn ${turn}`]));
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: NAMESPACE, labels: { app: "bench" } },
    data,
  };
}

async function benchWrites(where: string, client: ApiClient, report: Report): Promise<void> {
  const kind = where.replace(/ /g, "-").toLowerCase();
  for (const writers of [1, 16]) {
    const { rate, cpu } = await perSecond(writers, (turn) =>
      client.create(configmaps, configMap(`${kind}-${writers}-${turn}`, turn)),
    );
    report(`API server: creates ${where}, ${writers} writers`, rate, "1/s");
    report(`API server: CPU of a create ${where}, ${writers} writers`, cpu, "ms");
  }
  const web = `${kind}-web`;
  await client.create(deployments, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: web, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: { app: web } },
      template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: "main", image: "shop:1" }] } },
    },
  });
  const { rate, cpu } = await perSecond(1, (turn) =>
    client.patch(deployments, web, NAMESPACE, { type: "strategic", body: { spec: { replicas: turn % 100 } } }),
  );
  report(`API server: patches of a Deployment ${where}`, rate, "1/s");
  report(`API server: CPU of such a patch ${where}`, cpu, "ms");
}

async function benchReads(where: string, client: ApiClient, report: Report): Promise<void> {
  const one = await perSecond(8, () => client.get(namespaces, NAMESPACE));
  report(`API server: gets ${where}`, one.rate, "1/s");
  report(`API server: CPU of a get ${where}`, one.cpu, "ms");
  const { items } = await client.list(configmaps, { namespace: NAMESPACE });
  const begin = performance.now();
  const rounds = 10;
  for (let i = 0; i < rounds; i++) await client.list(configmaps, { namespace: NAMESPACE });
  const each = (performance.now() - begin) / rounds;
  report(`API server: list ${where}, per ${OBJECTS} objects`, (each * OBJECTS) / items.length, "ms");
}

/** The time from the answer to a write until a watcher has been told. */
async function benchWatch(where: string, watcher: ApiClient, writer: ApiClient, report: Report): Promise<void> {
  const stop = new AbortController();
  const heard = new Map<string, PromiseWithResolvers<number>>();
  const { resourceVersion } = await watcher.list(configmaps, { namespace: NAMESPACE, labelSelector: "app=bench" });
  const watching = (async () => {
    const options = { namespace: NAMESPACE, labelSelector: "app=bench", resourceVersion };
    for await (const event of watcher.watch(configmaps, options, stop.signal))
      if (event.type === "ADDED") heard.get(event.object.metadata.name)?.resolve(performance.now());
  })();
  const delays: number[] = [];
  for (let i = 0; i < WATCH_ROUNDS; i++) {
    const name = `watch-${where.replace(/ /g, "-").toLowerCase()}-${i}`;
    heard.set(name, Promise.withResolvers());
    await writer.create(configmaps, configMap(name, i));
    const written = performance.now();
    delays.push((await heard.get(name)!.promise) - written);
  }
  stop.abort();
  await watching;
  delays.sort((a, b) => a - b);
  report(`API server: write to watch ${where}, median`, Math.max(0, delays[WATCH_ROUNDS / 2] ?? 0), "ms");
  report(`API server: write to watch ${where}, 99 %`, Math.max(0, delays[Math.floor(WATCH_ROUNDS * 0.99)] ?? 0), "ms");
}

/** How often a second `workers` together get it done, and the CPU time that each takes of this process, client and all. */
async function perSecond(
  workers: number,
  work: (turn: number) => Promise<unknown>,
): Promise<{ readonly rate: number; readonly cpu: number }> {
  const begin = performance.now();
  const before = process.cpuUsage();
  let turns = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (performance.now() - begin < MILLISECONDS) await work(turns++);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return { rate: (turns * 1000) / (performance.now() - begin), cpu: (user + system) / 1000 / turns };
}
