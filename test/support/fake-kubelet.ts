import type { ContainerStatus, Node, Pod } from "../../src/api/generated/core-v1.ts";
import { leases, nodes, pods } from "../../src/api/generated/resources.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../src/api/status-error.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { Controller, ownKey, source } from "../../src/client/controller.ts";
import { Informers } from "../../src/client/informers.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { Random } from "../../src/lib/random.ts";
import { formatMicroTimestamp, formatTimestamp } from "../../src/lib/timestamp.ts";
import { type Logger, silentLogger } from "../../src/observe/logger.ts";

export interface FakeKubeletOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
}

const NODE_ADDRESS = "10.0.0.1";
const DONE = { kind: "done" } as const;

/**
 * Plays every node for the recorded kubectl cases: a bound pod is Running and Ready at once, whatever its image, except `missing:1`
 * (Pending, ErrImagePull) and `notready:1` (Running, never Ready); pods of a Job end at once, with code 1 for `fail:1` and never for
 * `hang:1`; a pod that is deleted is gone at once; new Nodes become Ready. It makes the node `node-0`.
 */
export class FakeKubelet implements AsyncDisposable {
  readonly #options: FakeKubeletOptions;
  readonly #informers: Informers;
  readonly #controllers: readonly Controller[];
  #addresses = 0;

  static async start(options: FakeKubeletOptions): Promise<FakeKubelet> {
    const kubelet = new FakeKubelet(options);
    await kubelet.#informers.synced();
    await kubelet.#createNode();
    return kubelet;
  }

  private constructor(options: FakeKubeletOptions) {
    this.#options = options;
    const { client, clock, random, log = silentLogger } = options;
    const deps = { clock, random, log };
    this.#informers = new Informers(client, deps);
    const ofNodes = { ...deps, name: "nodes", sources: [source(this.#informers.of(nodes), ownKey)] };
    const ofPods = { ...deps, name: "pods", sources: [source(this.#informers.of(pods), ownKey)] };
    this.#controllers = [
      new Controller({ ...ofNodes, reconcile: (key) => this.#reconcile(() => this.#playNode(key)) }).start(),
      new Controller({ ...ofPods, reconcile: (key) => this.#reconcile(() => this.#playPod(key)) }).start(),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller[Symbol.asyncDispose]()));
    await this.#informers[Symbol.asyncDispose]();
  }

  async #createNode(): Promise<void> {
    const labels = { "kubernetes.io/hostname": "node-0", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" };
    const metadata = { name: "node-0", labels, annotations: { "node.alpha.kubernetes.io/ttl": "0" } };
    try {
      await this.#options.client.create(nodes, { apiVersion: "v1", kind: "Node", metadata, spec: {} });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #reconcile(play: () => Promise<void>): Promise<typeof DONE> {
    try {
      await play();
    } catch (error) {
      // Somebody has changed or deleted it meanwhile: the change brings another look.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    return DONE;
  }

  async #playNode(key: string): Promise<void> {
    const node = this.#informers.of(nodes).get(key);
    if (!node || node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return;
    await this.#createLease(key);
    const body = { status: nodeStatus(node, this.#options.clock.now()) };
    await this.#options.client.patch(nodes, key, undefined, { type: "strategic", body }, { subresource: "status" });
  }

  async #createLease(node: string): Promise<void> {
    const now = formatMicroTimestamp(this.#options.clock.now());
    const metadata = { name: node, namespace: "kube-node-lease" };
    const spec = { holderIdentity: node, leaseDurationSeconds: 40, renewTime: now };
    try {
      await this.#options.client.create(leases, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata,
        spec,
      });
    } catch (error) {
      // An engine without the namespace kube-node-lease keeps none.
      if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
    }
  }

  async #playPod(key: string): Promise<void> {
    const pod = this.#informers.of(pods).get(key);
    if (!pod) return;
    const { client } = this.#options;
    const { name, namespace, uid, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      if (pod.metadata.finalizers?.length && pod.metadata.deletionGracePeriodSeconds === 0) return;
      await client.delete(pods, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
      return;
    }
    const status = this.#nextStatus(pod);
    if (!status) return;
    const written = await client.patch(
      pods,
      name,
      namespace,
      { type: "strategic", body: { metadata: { uid }, status } },
      { subresource: "status", fieldManager: "kwok" },
    );
    await this.#informers.of(pods).reached(written.metadata.resourceVersion);
  }

  #nextStatus(pod: Pod): Pod["status"] | undefined {
    const { phase = "Pending", conditions = [] } = pod.status ?? {};
    const now = formatTimestamp(this.#options.clock.now());
    if (phase === "Pending" && pod.spec.nodeName && !conditions.some(({ type }) => type === "Ready"))
      return startedStatus(pod, this.#address(pod), now);
    const ends = pod.metadata.ownerReferences?.some(({ kind }) => kind === "Job") && !isEndless(pod);
    return phase === "Running" && ends ? endedStatus(pod, now) : undefined;
  }

  #address(pod: Pod): string {
    if (pod.spec.hostNetwork) return NODE_ADDRESS;
    this.#addresses += 1;
    return `10.0.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`;
  }
}

function isEndless(pod: Pod): boolean {
  return pod.spec.containers.every(({ image }) => image === "hang:1" || image === "notready:1");
}

function nodeStatus({ metadata }: Node, ms: number): object {
  const now = formatTimestamp(ms);
  const condition = (type: string, status: string, reason: string, message: string) => {
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now };
  };
  const amounts = { cpu: "1k", memory: "1Ti", pods: "1k" };
  return {
    conditions: [
      condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ],
    addresses: [
      { type: "InternalIP", address: NODE_ADDRESS },
      { type: "Hostname", address: metadata.name },
    ],
    allocatable: amounts,
    capacity: amounts,
    nodeInfo: {
      architecture: "amd64",
      bootID: "",
      containerRuntimeVersion: "fake://1",
      kernelVersion: "fake",
      kubeProxyVersion: "fake",
      kubeletVersion: "v1.36.3",
      machineID: "",
      operatingSystem: "linux",
      osImage: "fake",
      systemUUID: "",
    },
    phase: "Running",
  };
}

function startedStatus(pod: Pod, podIP: string, now: string): NonNullable<Pod["status"]> {
  const image = pod.spec.containers[0]?.image;
  const isMissing = image === "missing:1";
  const isReady = !isMissing && image !== "notready:1";
  const condition = (type: string, status: "True" | "False") => ({ type, status, lastTransitionTime: now });
  const ready = isReady ? "True" : "False";
  return {
    conditions: [
      condition("Initialized", "True"),
      condition("Ready", ready),
      condition("ContainersReady", ready),
      ...(pod.spec.readinessGates ?? []).map(({ conditionType }) => condition(conditionType, "True")),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image = "" }): ContainerStatus => {
      const common = { name, image, imageID: "", restartCount: 0, ready: isReady, started: !isMissing };
      if (!isMissing) return { ...common, state: { running: { startedAt: now } } };
      return { ...common, state: { waiting: { reason: "ErrImagePull", message: "image not found" } } };
    }),
    initContainerStatuses: (pod.spec.initContainers ?? []).map(({ name, image = "" }) => ({
      name,
      image,
      imageID: "",
      ready: true,
      restartCount: 0,
      started: false,
      state: { terminated: { exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now } },
    })),
    hostIP: NODE_ADDRESS,
    hostIPs: [{ ip: NODE_ADDRESS }],
    podIP,
    podIPs: [{ ip: podIP }],
    phase: isMissing ? "Pending" : "Running",
    startTime: now,
  };
}

function endedStatus(pod: Pod, now: string): NonNullable<Pod["status"]> {
  const fails = pod.spec.containers[0]?.image === "fail:1";
  const condition = (type: string, status: string, reason?: string) => ({
    type,
    status,
    lastTransitionTime: now,
    ...(reason !== undefined && { reason }),
  });
  const terminated = {
    exitCode: fails ? 1 : 0,
    reason: fails ? "Error" : "Completed",
    startedAt: now,
    finishedAt: now,
  };
  return {
    conditions: [
      condition("Initialized", "True"),
      condition("Ready", "False", "PodCompleted"),
      condition("ContainersReady", "False", "PodCompleted"),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image = "" }) => {
      return { name, image, imageID: "", ready: false, restartCount: 0, started: false, state: { terminated } };
    }),
    phase: fails ? "Failed" : "Succeeded",
  };
}
