import type { ContainerImage, Node, NodeStatus } from "../../api/generated/core-v1.ts";
import type { Lease } from "../../api/generated/coordination-v1.ts";
import { leases, nodes } from "../../api/generated/resources.ts";
import type { Draft } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { jsonEqual, type JsonValue } from "../../lib/json.ts";
import { formatMicroTimestamp } from "../../lib/timestamp.ts";
import type { Logger } from "../../observe/logger.ts";
import { nodeConditions } from "../../plan/node/node-conditions.ts";
import { ociArchitecture } from "../images/image-spec.ts";
import type { ImageStore } from "../images/image-store.ts";
import { freeBytes, machineInfo } from "./machine.ts";
import type { NodeConfig } from "./node-config.ts";

export interface NodeRegistrationOptions {
  readonly client: ApiClient;
  readonly config: NodeConfig;
  readonly images: ImageStore;
  readonly capacity: Readonly<Record<string, string>>;
  readonly withoutNamespaces?: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Periods of the kubelet: the lease is renewed every 10 s and good for 40; an unchanged status is repeated every 5 min.
 * Milliseconds.
 */
const LEASE_PERIOD = 10_000;
const LEASE_SECONDS = 40;
const STATUS_PERIOD = 300_000;
const MAX_IMAGES = 500;

/** This machine's Node object and its lease. */
export class NodeRegistration implements AsyncDisposable {
  readonly #options: NodeRegistrationOptions;
  #status: NodeStatus | undefined;
  #statusAt = 0;
  #kubeletPort = 0;
  #cancel: Cancel | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: NodeRegistrationOptions) {
    this.#options = options;
  }

  /** Registers the node, whose kubelet endpoint is at the port, and keeps it alive until disposed of. */
  async start(kubeletPort: number): Promise<void> {
    this.#kubeletPort = kubeletPort;
    await this.#ensureNode();
    // A node that is known may be late with its heartbeat (the disk is full): its pods need the agent all the same.
    await this.#guarded(async () => {
      await this.#writeStatus(true);
      await this.#renewLease();
    });
    this.#later();
  }

  /** Brings the status up to date at once: images have come or gone. */
  refresh(): void {
    this.#working = this.#working.then(() => this.#guarded(() => this.#writeStatus(false)));
  }

  /** Says that the node is there, and what it cannot do. */
  async announce(recorder: EventRecorder): Promise<void> {
    const { client, config, withoutNamespaces } = this.#options;
    const node = await client.get(nodes, config.nodeName);
    recorder.record(node, { type: "Normal", reason: "Starting", message: "Starting kubelet." });
    if (withoutNamespaces === undefined) return;
    const message = `pods share the machine's root and process table: ${withoutNamespaces}`;
    recorder.record(node, { type: "Warning", reason: "NamespacesForbidden", message });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#working;
  }

  #later(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(LEASE_PERIOD, () => {
      this.#working = this.#working
        .then(() =>
          this.#guarded(async () => {
            await this.#renewLease();
            await this.#writeStatus(this.#options.clock.now() - this.#statusAt >= STATUS_PERIOD);
          }),
        )
        .finally(() => this.#later());
    });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    try {
      await work();
    } catch (error) {
      if (isNotFound(error)) await this.#register().catch(() => undefined);
      else this.#options.log.warn("node status was not written", { error: (error as Error).message });
    }
  }

  async #register(): Promise<void> {
    await this.#ensureNode();
    await this.#writeStatus(true);
  }

  async #ensureNode(): Promise<void> {
    const { client, config } = this.#options;
    const node: Draft<Node> = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: config.nodeName, labels: labelsOf(config.nodeName) },
      spec: {},
    };
    try {
      await client.create(nodes, node);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await client.patch(nodes, config.nodeName, undefined, {
        type: "merge",
        body: { metadata: { labels: labelsOf(config.nodeName) } },
      });
    }
    this.#status = (await client.get(nodes, config.nodeName)).status;
  }

  async #writeStatus(force: boolean): Promise<void> {
    const { client, config, clock } = this.#options;
    const status = this.#compose(clock.now());
    if (!force && this.#status && jsonEqual(withoutHeartbeat(status), withoutHeartbeat(this.#status))) return;
    await client.patch(
      nodes,
      config.nodeName,
      undefined,
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    this.#status = status;
    this.#statusAt = clock.now();
  }

  #compose(now: number): NodeStatus {
    const { config, capacity, withoutNamespaces } = this.#options;
    const health = { freeBytes: freeBytes(config.home), ...(withoutNamespaces !== undefined && { withoutNamespaces }) };
    return {
      capacity,
      allocatable: capacity,
      conditions: nodeConditions(health, this.#status?.conditions ?? [], now),
      addresses: [
        { type: "InternalIP", address: config.hostIP },
        { type: "Hostname", address: config.nodeName },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: this.#kubeletPort } },
      nodeInfo: machineInfo(config.version),
      images: this.#images(),
    };
  }

  /** Names as in containerd: by digest, then by tag. */
  #images(): readonly ContainerImage[] {
    return this.#options.images
      .list()
      .filter(({ names }) => names.length > 0)
      .slice(0, MAX_IMAGES)
      .map(({ names, digest, size }) => {
        const repositories = new Set(names.map((name) => name.slice(0, name.lastIndexOf(":"))));
        return {
          names: [...[...repositories].map((repository) => `${repository}@${digest}`), ...names],
          sizeBytes: size,
        };
      });
  }

  async #renewLease(): Promise<void> {
    const { client, config, clock } = this.#options;
    const renewTime = formatMicroTimestamp(clock.now());
    const spec = { holderIdentity: config.nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    try {
      await client.patch(leases, config.nodeName, "kube-node-lease", { type: "merge", body: { spec } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const { metadata } = await client.get(nodes, config.nodeName);
      const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: config.nodeName, uid: metadata.uid }];
      const lease: Draft<Lease> = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: config.nodeName, namespace: "kube-node-lease", ownerReferences },
        spec,
      };
      await client.create(leases, lease);
    }
  }
}

function labelsOf(nodeName: string): Readonly<Record<string, string>> {
  const architecture = ociArchitecture(process.arch);
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": "linux",
  };
}

function withoutHeartbeat(status: NodeStatus): JsonValue {
  const conditions = status.conditions?.map((condition) => ({ ...condition, lastHeartbeatTime: "" }));
  return JSON.parse(JSON.stringify({ ...status, conditions })) as JsonValue;
}
