import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Container, Event, Pod, PodSpec } from "../../src/api/generated/core-v1.ts";
import { events, pods, serviceaccounts } from "../../src/api/generated/resources.ts";
import type { KubeObject } from "../../src/api/object.ts";
import type { Resource } from "../../src/api/resource.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { homeAt, prepareHome, type Home } from "../../src/engine/home.ts";
import { findFreeSlice } from "../../src/engine/slice.ts";
import { startApiServer, type RunningApiServer } from "../../src/main/api-server.ts";
import { type RunningNode, startNodeAgent, type StartNodeOptions } from "../../src/main/node-agent.ts";
import { systemClock as clock } from "../../src/main/system-clock.ts";
import { systemRandom as random } from "../../src/main/system-random.ts";
import { ImageStore, type StoredImage } from "../../src/node/images/image-store.ts";
import { findHostTools, type Isolation, probeIsolation } from "../../src/node/process/host-tools.ts";
import { ProcessRuntime } from "../../src/node/process/process-runtime.ts";
import { removeTree } from "../../src/node/process/remove-tree.ts";
import type { ContainerRef } from "../../src/node/runtime.ts";
import { silentLogger } from "../../src/observe/logger.ts";

const NODE = "here";

/** What this machine allows; tried once for all tests of a file. */
export async function machineIsolation(): Promise<Isolation> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "sluice-probe-")));
  try {
    return await probeIsolation(findHostTools(), dir);
  } finally {
    removeTree(dir);
  }
}

/** An API server and a node agent in this process, on a home of their own; no controllers, no scheduler. */
export class NodeWorld implements AsyncDisposable {
  readonly home: Home;
  readonly images: ImageStore;
  readonly #slice: number;
  readonly #isolation: Isolation;
  readonly #namesProxy: StartNodeOptions["namesProxy"];
  #api: RunningApiServer | undefined;
  #node: RunningNode | undefined;

  private constructor(home: Home, slice: number, isolation: Isolation, namesProxy: StartNodeOptions["namesProxy"]) {
    this.#namesProxy = namesProxy;
    this.home = home;
    this.#slice = slice;
    this.#isolation = isolation;
    this.images = new ImageStore(home.images);
  }

  /** `parent`: directory in which the home is made. */
  static async start(
    isolation: Isolation,
    { namesProxy, parent = tmpdir() }: { namesProxy?: StartNodeOptions["namesProxy"]; parent?: string } = {},
  ): Promise<NodeWorld> {
    const home = homeAt(realpathSync(mkdtempSync(join(parent, "sluice-node-"))));
    prepareHome(home);
    const slice = await findFreeSlice(home.root);
    if (slice === undefined) throw new Error("no slice of 127.0.0.0/8 is free");
    const world = new NodeWorld(home, slice, isolation, namesProxy);
    await world.startApi();
    await world.client.create(serviceaccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    await world.startNode();
    return world;
  }

  get api(): RunningApiServer {
    if (!this.#api) throw new Error("the API server does not run");
    return this.#api;
  }

  get node(): RunningNode {
    if (!this.#node) throw new Error("the node agent does not run");
    return this.#node;
  }

  get client(): ApiClient {
    return this.api.server.client({ username: "tester", groups: ["system:masters"] }, "test");
  }

  async startApi(): Promise<void> {
    const options = {
      home: this.home,
      slice: this.#slice,
      port: 0,
      nodeName: NODE,
      version: "0",
      clock,
      random,
      log: silentLogger,
    };
    this.#api = await startApiServer(options);
  }

  async startNode(): Promise<void> {
    const { server, pki } = this.api;
    this.#node = await startNodeAgent({
      home: this.home,
      nodeName: NODE,
      slice: this.#slice,
      kubeletPort: 0,
      version: "0",
      client: server.client({ username: `system:node:${NODE}`, groups: ["system:nodes"] }, "kubelet"),
      identity: pki.kubelet,
      ca: pki.ca,
      clock,
      random,
      log: silentLogger,
      isolation: this.#isolation,
      ...(this.#namesProxy !== undefined && { namesProxy: this.#namesProxy }),
    });
  }

  /** As if the control process had been told to restart, or been killed: containers run on. */
  async stopNode(): Promise<void> {
    await this.#node?.[Symbol.asyncDispose]();
    this.#node = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#node) await this.startNode();
    await this.node.agent.shutDown();
    await this.stopNode();
    await this.#api?.[Symbol.asyncDispose]();
    removeTree(this.home.root);
  }

  /** Builds an image from files (`Dockerfile` among them). */
  async build(name: string, files: Readonly<Record<string, string>>): Promise<StoredImage> {
    const context = join(this.home.root, "context", name.replaceAll(/[^\w]/g, "-"));
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(context, path)), { recursive: true });
      writeFileSync(join(context, path), content);
    }
    return this.images.build({ context, name });
  }

  /** Makes a pod on the node: containers of `sh -c`, unless said otherwise. */
  async run(
    name: string,
    containers: readonly Partial<Container>[],
    spec: Partial<PodSpec> = {},
    metadata: Partial<Pod["metadata"]> = {},
  ): Promise<Pod> {
    return this.client.create(pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", ...metadata },
      spec: {
        nodeName: NODE,
        automountServiceAccountToken: false,
        containers: containers.map((container, index) => ({ name: `c${index}`, image: "busy:1", ...container })),
        ...spec,
      },
    } as never);
  }

  /** Waits until the pod is as wanted; undefined when it is gone. */
  until(name: string, wanted: (pod: Pod | undefined) => boolean | undefined): Promise<Pod | undefined> {
    return this.untilObject(pods, name, wanted);
  }

  async untilObject<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    wanted: (object: T | undefined) => boolean | undefined,
  ): Promise<T | undefined> {
    const abort = new AbortController();
    let last: T | undefined;
    const options = { namespace: "default", fieldSelector: `metadata.name=${name}` };
    try {
      for await (const event of this.client.watch(
        resource,
        resource.namespaced ? options : { fieldSelector: options.fieldSelector },
        abort.signal,
      )) {
        if (event.type === "BOOKMARK" && !event.initialEventsEnd) continue;
        if (event.type !== "BOOKMARK") last = event.type === "DELETED" ? undefined : event.object;
        if (wanted(last)) return last;
      }
    } finally {
      abort.abort();
    }
    throw new Error(`the watch ended; the object is ${JSON.stringify(last)}`);
  }

  /** Events about an object, as `reason: message`. */
  async events(name: string): Promise<readonly string[]> {
    const { items } = await this.client.list<Event>(events, { namespace: "default" });
    return items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  /** Runs a command in a container of a pod, as a later runtime would: by what is on disk. */
  async exec(container: ContainerRef, command: readonly string[]): Promise<string> {
    const runtime = new ProcessRuntime({
      home: this.home.root,
      tools: findHostTools(),
      isolation: this.#isolation,
      clock,
      nodeDir: dirname(process.execPath),
    });
    let output = "";
    await runtime.exec(container, command, { output: (_, chunk) => (output += chunk.toString()) });
    return output;
  }

  async delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    await this.client.delete(pods, name, "default", gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });
  }
}

export const isReady = (pod: Pod | undefined): boolean =>
  pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
export const phaseIs =
  (phase: string) =>
  (pod: Pod | undefined): boolean =>
    pod?.status?.phase === phase;
