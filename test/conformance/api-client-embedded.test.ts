import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namespaces, serviceaccounts } from "../../src/api/generated/resources.ts";
import type { KubeObject } from "../../src/api/object.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { type ApiClientCase, describeApiClient } from "../../src/client/api-client.case.ts";
import { HttpsClient } from "../../src/client/https-client.ts";
import { readKubeconfig } from "../../src/client/kubeconfig.ts";
import { Transport } from "../../src/client/transport.ts";
import { homeAt, prepareHome } from "../../src/engine/home.ts";
import { type RunningApiServer, startApiServer } from "../../src/main/api-server.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { systemRandom } from "../../src/main/system-random.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { openSqliteStore } from "../../src/store/sqlite-file.ts";
import { FakeClock } from "../support/fake-clock.ts";

const clients: readonly (readonly [
  name: string,
  connect: (running: RunningApiServer, kubeconfig: string) => Promise<ApiClient & Disposable>,
])[] = [
  [
    "HttpsClient",
    async (_, kubeconfig) => {
      const transport = new Transport((await readKubeconfig(kubeconfig)).endpoint, "sluice-test/0");
      return Object.assign(new HttpsClient(transport), { [Symbol.dispose]: () => transport[Symbol.dispose]() });
    },
  ],
  [
    "InProcessClient",
    ({ server }) => {
      const client = server.client({ username: "test", groups: ["system:masters"] }, "sluice-test");
      return Promise.resolve(Object.assign(client, { [Symbol.dispose]: () => undefined }));
    },
  ],
];

for (const [name, connect] of clients) {
  const make = async (): Promise<ApiClientCase> => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-api-client-"));
    const home = homeAt(directory);
    prepareHome(home);
    await forgetTheBeginning(home.store);
    const running = await startApiServer({
      home,
      slice: 127,
      port: 0,
      nodeName: "test",
      version: "0.0.0",
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    const client = await connect(running, home.kubeconfig);
    const { metadata } = await client.create(namespaces, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "case" },
      spec: {},
    });
    // Without controllers nobody makes the service account that every pod needs.
    await client.create(serviceaccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { namespace: metadata.name, name: "default" },
    });
    return {
      client,
      namespace: metadata.name,
      expiredVersion: "1",
      [Symbol.asyncDispose]: async () => {
        client[Symbol.dispose]();
        await running[Symbol.asyncDispose]();
        rmSync(directory, { recursive: true });
      },
    };
  };
  describeApiClient(`${name} of the embedded API server`, make);
}

/** Leaves a store behind that has forgotten its first versions, as after some time. */
async function forgetTheBeginning(path: string): Promise<void> {
  const clock = new FakeClock();
  await using store = openSqliteStore(path, {
    clock,
    log: silentLogger,
    retention: { milliseconds: 1000, events: 10 },
  });
  for (let i = 0; i < 3; i++) {
    await store.write("/configmaps", "default/old", (_, revision) => {
      const metadata = {
        name: "old",
        namespace: "default",
        uid: "old",
        resourceVersion: String(revision),
        creationTimestamp: "2026-01-01T00:00:00Z",
      };
      return {
        kind: "put",
        object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { i: String(i) } } as KubeObject,
      };
    });
  }
  await clock.advance(5000);
}
