import { existsSync } from "node:fs";
import type { ApiClient } from "../../client/api-client.ts";
import { HttpsClient } from "../../client/https-client.ts";
import { readKubeconfig } from "../../client/kubeconfig.ts";
import { Transport } from "../../client/transport.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Context } from "../context.ts";
import { type DiscoveredResources, type GroupDiscoveryList, readDiscovery } from "./discovered.ts";

/** Flags that say which API server is meant, and as kubectl's. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** The API server that a command talks to. */
export interface Cluster extends Disposable {
  readonly client: ApiClient;
  /** For what ApiClient does not have: Tables, logs, discovery, the answers to deletions. */
  readonly transport: Transport;
  /** That of --namespace, else of the kubeconfig. */
  readonly namespace: string;
  /** Whether --namespace was given: a manifest that says another one is then refused. */
  readonly namespaceIsGiven: boolean;
  /** What the server has; asked for once. */
  resources(): Promise<DiscoveredResources>;
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/**
 * The engine of the home, or the cluster of --kubeconfig. KUBECONFIG is not looked at: what it names may be somebody's
 * production, and `sluice` means the engine at hand. Fails with AppError `not-running` when the home has no engine.
 */
export async function connect(context: Context, options: ClusterOptions): Promise<Cluster> {
  const path = options.kubeconfig ?? context.home().kubeconfig;
  if (options.kubeconfig === undefined && !existsSync(path))
    throw new AppError("not-running", `there is no engine in ${context.home().root}; run sluice up first`);
  const { endpoint, namespace } = await readKubeconfig(path, options.context);
  const warned = new Set<string>();
  const transport = new Transport(endpoint, "sluice", {
    onWarning: (text) => {
      if (!warned.has(text)) context.stderr.write(`Warning: ${text}\n`);
      warned.add(text);
    },
  });
  let resources: Promise<DiscoveredResources> | undefined;
  return {
    client: new HttpsClient(transport, { fieldManager: "sluice" }),
    transport,
    namespace: options.namespace ?? namespace,
    namespaceIsGiven: options.namespace !== undefined,
    resources: () => (resources ??= discover(transport)),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

async function discover(transport: Transport): Promise<DiscoveredResources> {
  const documents = await Promise.all(
    ["/api", "/apis"].map((path) => transport.json({ method: "GET", path, headers: { accept: AGGREGATED } })),
  );
  return readDiscovery(documents as GroupDiscoveryList[]);
}
