import { mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ApiClient } from "../client/api-client.ts";
import { EventRecorder } from "../client/event-recorder.ts";
import { Informers } from "../client/informers.ts";
import type { Home } from "../engine/home.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ContainerStarter } from "../node/agent/container-starter.ts";
import { machineCapacity } from "../node/agent/machine.ts";
import { NodeAgent } from "../node/agent/node-agent.ts";
import type { NodeContext } from "../node/agent/node-context.ts";
import { NodeObjects } from "../node/agent/node-objects.ts";
import { NodeRegistration } from "../node/agent/node-registration.ts";
import { PodAddresses } from "../node/agent/pod-addresses.ts";
import { PodVolumes } from "../node/agent/pod-volumes.ts";
import { ServiceAccountTokens } from "../node/agent/service-account-tokens.ts";
import { ImageStore } from "../node/images/image-store.ts";
import { KubeletServer } from "../node/kubelet/kubelet-server.ts";
import { LogKeeper } from "../node/logs/log-keeper.ts";
import { findHostTools, type Isolation, probeIsolation } from "../node/process/host-tools.ts";
import { isolationOr } from "../node/process/kept-isolation.ts";
import { ProcessRuntime } from "../node/process/process-runtime.ts";
import type { MeshProcess } from "../plan/node/drain.ts";
import type { Logger } from "../observe/logger.ts";

const HOST = "127.0.0.1";

export interface StartNodeOptions {
  readonly home: Home;
  readonly nodeName: string;
  /** S of 127.S.0.0/16. */
  readonly slice: number;
  /** Port of the kubelet endpoint; 0: the kernel chooses. */
  readonly kubeletPort: number;
  /** Our own version. */
  readonly version: string;
  /** Acts as `system:node:<nodeName>`. */
  readonly client: ApiClient;
  /** The node's certificate and key, PEM, and the authority of those who may ask it. */
  readonly identity: { readonly certificate: string; readonly key: string };
  readonly ca: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /**
   * A proxy that knows the names of Services: for machines that forbid namespaces, where pods cannot have a hosts file of
   * their own. Absent: names are only known by variables (`SHOP_SERVICE_HOST`).
   */
  readonly namesProxy?: { readonly host: string; readonly port: number };
  /** The mesh workers that run and serve; absent: those that the API knows are all there are. */
  readonly meshProcesses?: () => readonly MeshProcess[];
  /** What the machine allows (`probeMachine`); found out when absent. */
  readonly isolation?: Isolation | Promise<Isolation>;
}

export interface RunningNode extends AsyncDisposable {
  readonly agent: NodeAgent;
  readonly kubeletPort: number;
}

/**
 * Starts the node agent on a home that is prepared. Disposing of it lets the pods run on; `agent.shutDown()` ends them
 * first.
 */
export async function startNodeAgent(options: StartNodeOptions): Promise<RunningNode> {
  const { client, clock, random, nodeName } = options;
  const log = options.log.child({ part: "node" });
  await using parts = new AsyncDisposableStack();
  const home = canonicalRoot(options.home);
  const tools = findHostTools();
  const isolation = await (options.isolation ?? probeMachine(options.home));
  if (!isolation.namespaces) log.warn("pods get no namespaces", { why: isolation.why });
  const informers = parts.use(new Informers(client, { clock, random, log }));
  const recorder = parts.use(new EventRecorder(client, { component: "kubelet", host: nodeName, clock, log }));
  const images = new ImageStore(options.home.images);
  const nodeDir = dirname(realpathSync(process.execPath));
  const runtime = new ProcessRuntime({ home, tools, isolation, clock, nodeDir });
  const objects = new NodeObjects(client, informers, nodeName);
  const volumes = new PodVolumes({
    podsDir: join(home, "pods"),
    volumesDir: join(home, "volumes"),
    claim: (namespace, name) => objects.claim(namespace, name),
    persistentVolume: (name) => objects.volumes.get(name),
  });
  const config = { nodeName, hostIP: HOST, home, version: options.version };
  const allocatable = machineCapacity(home);
  const context: NodeContext = {
    config,
    client,
    clock,
    random,
    log,
    runtime,
    images,
    logs: new LogKeeper({ clock, logger: log, ...(tools.fallocate !== undefined && { fallocate: tools.fallocate }) }),
    objects,
    addresses: new PodAddresses(join(home, "pods/addresses.json"), options.slice),
    volumes,
    tokens: new ServiceAccountTokens(client, clock),
    starter: new ContainerStarter({
      images,
      volumes,
      runtime,
      home,
      env: (namespace) => (isolation.namespaces ? {} : proxyEnv(options.namesProxy, namespace)),
    }),
    recorder,
    meshProcesses: () => options.meshProcesses?.() ?? [],
    allocatable,
  };
  const registration = new NodeRegistration({
    client,
    config,
    images,
    capacity: allocatable,
    ...(isolation.why !== undefined && { withoutNamespaces: isolation.why }),
    clock,
    log,
  });
  const agent = parts.use(new NodeAgent(context, registration));
  const server = parts.use(
    await KubeletServer.start({
      pods: agent,
      home,
      identity: options.identity,
      ca: options.ca,
      host: HOST,
      port: options.kubeletPort,
      clock,
      log,
    }),
  );
  await agent.start(server.port);
  const running = parts.move();
  return { agent, kubeletPort: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Finds out, by trying in processes of its own, what the machine allows pods. */
export function probeMachine(home: Home): Promise<Isolation> {
  const pods = join(canonicalRoot(home), "pods");
  return isolationOr(() => probeIsolation(findHostTools(), pods), join(pods, "isolation.json"));
}

/** Pods see the home through mounts, which know no symbolic links. */
function canonicalRoot({ root }: Home): string {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return realpathSync(root);
}

/**
 * Node.js heeds these with NODE_USE_ENV_PROXY, most other programs anyway. The user name says from which namespace names are seen
 * (src/mesh/names); the password is nothing but what undici wants to see before it sends the name.
 */
function proxyEnv(proxy: StartNodeOptions["namesProxy"], namespace: string): Readonly<Record<string, string>> {
  if (!proxy) return {};
  const url = `http://${namespace}:x@${proxy.host}:${proxy.port}`;
  return { http_proxy: url, HTTP_PROXY: url, no_proxy: "localhost,127.0.0.1", NODE_USE_ENV_PROXY: "1" };
}
