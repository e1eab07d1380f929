import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Admitter } from "../../src/apiserver/admission/admitter.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { ControllerManager } from "../../src/controllers/manager.ts";
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
}

/** API server, controllers, scheduler and a fake kubelet, on a home of its own that goes with it. */
export class TestEngine implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;
  readonly running: RunningApiServer;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A client that acts as the administrator. */
  readonly client: ApiClient;

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
    const { types, pki } = running;
    const client = clientOf("kube-controller-manager");
    parts.use(await ControllerManager.start({ client, types, ca: pki.ca, host: "test", clock, random, log }));
    if (options.kubelet ?? true) parts.use(await FakeKubelet.start({ client: clientOf("kwok"), clock, random, log }));
    return new TestEngine(parts.move(), running, home.kubeconfig);
  }

  private constructor(parts: AsyncDisposableStack, running: RunningApiServer, kubeconfig: string) {
    this.#parts = parts;
    this.running = running;
    this.kubeconfig = kubeconfig;
    this.client = running.server.client({ username: "admin", groups: ["system:masters"] }, "sluice-test");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}
