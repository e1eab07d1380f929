import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Admitter } from "../../src/apiserver/admission/admitter.ts";
import type { KubeObject } from "../../src/api/object.ts";
import type { Resource } from "../../src/api/resource.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { Informers } from "../../src/client/informers.ts";
import { ControllerManager } from "../../src/controllers/manager.ts";
import type { VolumeDirectory } from "../../src/controllers/volume-claim/volume-directory.ts";
import { homeAt, prepareHome } from "../../src/engine/home.ts";
import { type RunningApiServer, startApiServer } from "../../src/main/api-server.ts";
import { systemClock as clock } from "../../src/main/system-clock.ts";
import { systemRandom as random } from "../../src/main/system-random.ts";
import { type Logger, silentLogger } from "../../src/observe/logger.ts";
import { FakeKubelet } from "./fake-kubelet.ts";

export interface TestEngineOptions {
  readonly admitters?: readonly Admitter[];
  /** 0, the default: the kernel chooses. */
  readonly port?: number;
  readonly log?: Logger;
  /** Without a kubelet pods stay as the scheduler leaves them. */
  readonly kubelet?: boolean;
  readonly volumes?: VolumeDirectory;
}

/** API server, controllers, scheduler and a fake kubelet, on a home of its own that goes with it. */
export class TestEngine implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;
  readonly running: RunningApiServer;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A client that acts as the administrator. */
  readonly client: ApiClient;
  /** What the administrator sees. */
  readonly informers: Informers;

  static async start(options: TestEngineOptions = {}): Promise<TestEngine> {
    await using parts = new AsyncDisposableStack();
    const { log = silentLogger, port = 0, admitters = [] } = options;
    const directory = mkdtempSync(join(tmpdir(), "sluice-engine-"));
    parts.defer(() => rmSync(directory, { recursive: true, force: true }));
    const home = homeAt(directory);
    prepareHome(home);
    const running = parts.use(
      await startApiServer({
        home,
        slice: 127,
        port,
        nodeName: "test",
        version: "0.0.0",
        admitters,
        clock,
        random,
        log,
      }),
    );
    const clientOf = (username: string): ApiClient =>
      running.server.client({ username: `system:${username}`, groups: ["system:masters"] }, username);
    const { volumes } = options;
    parts.use(
      await ControllerManager.start({
        client: clientOf("kube-controller-manager"),
        scheduler: clientOf("kube-scheduler"),
        types: running.types,
        ca: running.pki.ca,
        host: "test",
        ...(volumes && { volumes }),
        clock,
        random,
        log,
      }),
    );
    if (options.kubelet ?? true) parts.use(await FakeKubelet.start({ client: clientOf("kwok"), clock, random, log }));
    const client = clientOf("admin");
    const informers = parts.use(new Informers(client, { clock, random, log }));
    return new TestEngine(parts.move(), { running, kubeconfig: home.kubeconfig, client, informers });
  }

  private constructor(
    parts: AsyncDisposableStack,
    seen: Pick<TestEngine, "running" | "kubeconfig" | "client" | "informers">,
  ) {
    this.#parts = parts;
    this.running = seen.running;
    this.kubeconfig = seen.kubeconfig;
    this.client = seen.client;
    this.informers = seen.informers;
  }

  /** Resolves with the object `ns/name` once it is there and fulfils `holds`. */
  async find<T extends KubeObject>(
    resource: Resource<T>,
    key: string,
    holds: (object: T) => boolean = () => true,
  ): Promise<T> {
    const informer = this.informers.of(resource);
    await informer.until(key, (object) => object !== undefined && holds(object));
    const found = informer.get(key);
    if (!found) throw new Error(`${key} has gone again`);
    return found;
  }

  /** Resolves once nothing is called `ns/name`. */
  async gone(resource: Resource, key: string): Promise<void> {
    const informer = this.informers.of(resource);
    await informer.synced;
    await informer.until(key, (object) => object === undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}
