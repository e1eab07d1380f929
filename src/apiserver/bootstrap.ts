import type { EndpointSlice } from "../api/generated/discovery-v1.ts";
import { clusterrolebindings, clusterroles, endpointslices, namespaces, services } from "../api/generated/resources.ts";
import type { Draft, KubeObject } from "../api/object.ts";
import type { Resource } from "../api/resource.ts";
import { isAlreadyExists, isNotFound } from "../api/status-error.ts";
import type { ApiClient } from "../client/api-client.ts";
import { DEFAULT_BINDING, DEFAULT_ROLES } from "./auth/default-roles.ts";

export interface BootstrapOptions {
  /** Address and port of the Service `kubernetes`. */
  readonly address: string;
  readonly servicePort: number;
  /** Where the API server listens, on 127.0.0.1. */
  readonly port: number;
}

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"] as const;

interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly description: string;
}

const priorityclasses: Resource<PriorityClass> = {
  group: "scheduling.k8s.io",
  version: "v1",
  plural: "priorityclasses",
  kind: "PriorityClass",
  namespaced: false,
};

const CLASSES = [
  [
    "system-node-critical",
    2_000_001_000,
    "Used for system critical pods that must not be moved from their current node.",
  ],
  [
    "system-cluster-critical",
    2_000_000_000,
    "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  ],
] as const;

/** Puts the objects into place that every Kubernetes has, as far as they are missing. */
export async function bootstrap(client: ApiClient, options: BootstrapOptions): Promise<void> {
  await Promise.all(
    NAMESPACES.map((name) =>
      ensure(client, namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: {} }),
    ),
  );
  await Promise.all([
    ensureService(client, options),
    ensureSlice(client, options),
    ensure(client, clusterrolebindings, DEFAULT_BINDING),
    ...DEFAULT_ROLES.map((role) => ensure(client, clusterroles, role)),
    ...CLASSES.map(([name, value, description]) =>
      ensure(client, priorityclasses, {
        apiVersion: "scheduling.k8s.io/v1",
        kind: "PriorityClass",
        metadata: { name },
        value,
        description,
      }),
    ),
  ]);
}

async function ensure<T extends KubeObject>(client: ApiClient, resource: Resource<T>, object: Draft<T>): Promise<void> {
  const { name = "", namespace } = object.metadata;
  if (await find(client, resource, name, namespace)) return;
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function find<T extends KubeObject>(
  client: ApiClient,
  resource: Resource<T>,
  name: string,
  namespace: string | undefined,
): Promise<T | undefined> {
  try {
    return await client.get(resource, name, namespace);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The Service through which pods reach the API server; its port moves when the engine's does. */
async function ensureService(client: ApiClient, { address, servicePort, port }: BootstrapOptions): Promise<void> {
  const ports = [{ name: "https", protocol: "TCP", port: servicePort, targetPort: port }] as const;
  const found = await find(client, services, "kubernetes", "default");
  if (!found) {
    await client.create(services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { component: "apiserver", provider: "kubernetes" },
      },
      spec: { type: "ClusterIP", clusterIP: address, ports, sessionAffinity: "None" },
    });
    return;
  }
  const [current] = found.spec?.ports ?? [];
  if (current?.port !== servicePort || current.targetPort !== port)
    await client.update(services, { ...found, spec: { ...found.spec, ports } });
}

async function ensureSlice(client: ApiClient, { port }: BootstrapOptions): Promise<void> {
  const content: Pick<EndpointSlice, "addressType" | "endpoints" | "ports"> = {
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "https", protocol: "TCP", port }],
  };
  const found = await find(client, endpointslices, "kubernetes", "default");
  if (!found)
    await client.create(endpointslices, {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
      ...content,
    });
  else if (found.ports?.[0]?.port !== port) await client.update(endpointslices, { ...found, ...content });
}
