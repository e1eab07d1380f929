import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  endpointslices,
  httproutes,
  meshworkers,
  namespaces,
  releasepolicies,
  services,
  trips,
} from "../../src/api/generated/resources.ts";
import type { Service } from "../../src/api/generated/core-v1.ts";
import type { HTTPRoute } from "../../src/api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker, ReleasePolicy, Trip } from "../../src/api/generated/sluice-dev.ts";
import type { Draft, KubeObject } from "../../src/api/object.ts";
import type { Resource } from "../../src/api/resource.ts";
import { API_SERVER } from "../../src/apiserver/auth/engine-users.ts";
import { isAlreadyExists } from "../../src/api/status-error.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { writeConfig } from "../../src/engine/config.ts";
import { type Home, homeAt, prepareHome } from "../../src/engine/home.ts";
import { readState } from "../../src/engine/process-record.ts";
import { addressPlan, findFreeSlice } from "../../src/engine/slice.ts";
import { type RunningApiServer, startApiServer } from "../../src/main/api-server.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { systemRandom } from "../../src/main/system-random.ts";
import type { KeptState } from "../../src/mesh/worker/worker-folder.ts";
import { silentLogger } from "../../src/observe/logger.ts";

/** A home with an API server and mesh workers that are processes of their own; no controllers, no pods. */
export class MeshWorld implements AsyncDisposable {
  readonly home: Home;
  readonly slice: number;
  readonly #workers = new Map<string, ChildProcess>();
  #api: RunningApiServer | undefined;
  #port = 0;

  private constructor(home: Home, slice: number) {
    this.home = home;
    this.slice = slice;
  }

  static async start(parent: string = tmpdir()): Promise<MeshWorld> {
    const home = homeAt(mkdtempSync(join(parent, "sluice-mesh-")));
    prepareHome(home);
    const slice = await findFreeSlice(home.root);
    if (slice === undefined) throw new Error("no slice is free");
    const world = new MeshWorld(home, slice);
    await world.startApi();
    try {
      await world.client.create(namespaces, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "default" },
        spec: {},
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return world;
  }

  async startApi(): Promise<void> {
    this.#api = await startApiServer({
      home: this.home,
      slice: this.slice,
      port: this.#port,
      nodeName: "test",
      version: "0.0.0",
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    this.#port = this.#api.server.port;
    writeConfig(this.home, { version: 1, slice: this.slice, apiPort: this.#port, kubeletPort: 1, without: [] });
  }

  async stopApi(): Promise<void> {
    await this.#api?.[Symbol.asyncDispose]();
    this.#api = undefined;
  }

  /** A client that may say what no other may: that endpoints have loopback addresses, whatever they are. */
  get client(): ApiClient {
    if (!this.#api) throw new Error("the API server does not run");
    return this.#api.server.client(API_SERVER);
  }

  /** Starts a worker process and waits until it serves. */
  async startWorker(name: string, command: readonly string[] = this.#command(name)): Promise<ChildProcess> {
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: "ignore" });
    this.#workers.set(name, child);
    while (readState(this.home.run, name)?.pid !== child.pid) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return child;
  }

  #command(name: string): readonly string[] {
    const program = join(import.meta.dirname, "../../src/main/mesh-worker.ts");
    return [process.execPath, program, "--home", this.home.root, "--name", name];
  }

  async endWorker(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#workers.get(name);
    this.#workers.delete(name);
    if (!child || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  /** Makes a Service and returns its address. */
  async service(name: string, spec: Partial<Service["spec"]> = {}): Promise<string> {
    const made = await this.client.create(services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "default", name },
      spec: { ports: [{ name: "http", port: 8080 }], ...spec },
    });
    return made.spec.clusterIP ?? "";
  }

  /** Says which endpoints a Service has. Resolves with the version of the slice. */
  endpoints(
    service: string,
    endpoints: readonly { readonly address: string; readonly port: number }[],
  ): Promise<string> {
    return this.#put(endpointslices, {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "default", name: `${service}-1`, labels: { "kubernetes.io/service-name": service } },
      addressType: "IPv4",
      ports: [{ name: "http", port: endpoints[0]?.port ?? 8080, protocol: "TCP" }],
      endpoints: endpoints.map(({ address }) => ({ addresses: [address], conditions: { ready: true } })),
    });
  }

  route(name: string, spec: HTTPRoute["spec"]): Promise<string> {
    const metadata = { namespace: "default", name };
    return this.#put(httproutes, { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata, spec });
  }

  policy(name: string, spec: ReleasePolicy["spec"]): Promise<string> {
    const metadata = { namespace: "default", name };
    return this.#put(releasepolicies, { apiVersion: "sluice.dev/v1alpha1", kind: "ReleasePolicy", metadata, spec });
  }

  trip(name: string, spec: Trip["spec"]): Promise<string> {
    return this.#put(trips, {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "Trip",
      metadata: { namespace: "default", name },
      spec,
    });
  }

  /** Creates or changes an object; resolves with its version. */
  async #put<T extends KubeObject>(resource: Resource<T>, draft: Draft<T>): Promise<string> {
    const { client } = this;
    const { name = "", namespace } = draft.metadata;
    try {
      return (await client.create(resource, draft)).metadata.resourceVersion;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return (await client.patch(resource, name, namespace, { type: "merge", body: draft })).metadata.resourceVersion;
  }

  /** Resolves with the worker's object as soon as `condition` holds of it. */
  async until(
    worker: string,
    condition: (status: NonNullable<MeshWorker["status"]>) => boolean,
  ): Promise<NonNullable<MeshWorker["status"]>> {
    const stop = new AbortController();
    for await (const event of this.client.watch(meshworkers, {}, stop.signal)) {
      if (event.type === "BOOKMARK" || event.type === "DELETED" || event.object.metadata.name !== worker) continue;
      const { status } = event.object;
      if (!status || !condition(status)) continue;
      stop.abort();
      return status;
    }
    throw new Error("the watch has ended");
  }

  /** A pod address of this engine. */
  podAddress(number: number): string {
    return addressPlan(this.slice).podCidr.replace(/\d+\/\d+$/, String(number));
  }

  /** Resolves when the worker has this version of the slices on disk. */
  async snapshotKept(worker: string, version: string): Promise<void> {
    for (;;) {
      const text = await readFile(join(this.home.mesh, worker, "state.json"), "utf8").catch(() => undefined);
      const kept = text === undefined ? undefined : (JSON.parse(text) as KeptState);
      if (Number(kept?.snapshot.applied["endpointslices"]) >= Number(version)) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Resolves when this many workers are connected to each other. */
  async peersKnown(workers: number): Promise<void> {
    for (;;) {
      const texts = await Promise.all([...this.#workers.keys()].map((name) => this.#metrics(name)));
      if (texts.every((text) => text.includes(`sluice_mesh_peers ${workers - 1}\n`))) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #metrics(worker: string): Promise<string> {
    const socket = connect(join(this.home.run, `${worker}.metrics.sock`));
    socket.write("GET /metrics HTTP/1.1\r\nHost: mesh\r\n\r\n");
    let text = "";
    for await (const piece of socket.setEncoding("utf8")) text += String(piece);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers.keys()].map((name) => this.endWorker(name, "SIGKILL")));
    await this.stopApi();
    rmSync(this.home.root, { recursive: true, force: true });
  }
}
