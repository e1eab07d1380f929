import { readFileSync, rmSync } from "node:fs";
import type { Pod } from "../../api/generated/core-v1.ts";
import { hostsFile } from "../../plan/node/hosts-file.ts";
import type { PodPlace } from "../../plan/node/pod-fields.ts";
import { tokenProjections, VolumeError } from "../../plan/node/volume-files.ts";
import type { EndFacts } from "../../plan/node/view.ts";
import type { Exit, Running } from "../runtime.ts";
import type { NodeContext } from "./node-context.ts";
import { podLogDirectory } from "./node-config.ts";
import { hostnameOf, resolvConfOf } from "./pod-names.ts";
import { terminationMessage } from "./termination-message.ts";

const LOST = "The container could not be located when the pod was terminated";

/** Everything of a pod that is not a container: its address, names, volumes and tokens. */
export class PodSetup {
  readonly #context: NodeContext;
  #sequence = 0;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** What the pod can be told of its place; its address is allocated when it has none. */
  placeOf(pod: Pod): PodPlace {
    const { config, addresses, allocatable } = this.#context;
    const podIP = pod.spec.hostNetwork ? config.hostIP : addresses.allocate(pod.metadata.uid);
    return { hostIP: config.hostIP, podIP, allocatable };
  }

  /** The address of a pod that an earlier control process set up: as kept here, else as the API has it. */
  knownAddressOf({ metadata, status, spec }: Pod): string | undefined {
    const { addresses, config } = this.#context;
    if (spec.hostNetwork) return config.hostIP;
    const isOver = status?.phase === "Succeeded" || status?.phase === "Failed";
    if (status?.podIP !== undefined && !isOver) addresses.claim(metadata.uid, status.podIP);
    return addresses.get(metadata.uid) ?? status?.podIP;
  }

  /**
   * Makes everything, or brings it up to date. Throws VolumeError when a volume cannot be made. Returns when to do it
   * again: a token runs out (ms since the epoch).
   */
  async prepare(pod: Pod): Promise<number | undefined> {
    await this.writeNames(pod);
    return this.refreshVolumes(pod);
  }

  /** The pod's hosts file, by the Services of now. */
  async writeNames(pod: Pod): Promise<void> {
    const { runtime, objects } = this.#context;
    const { uid, namespace = "", name } = pod.metadata;
    const hostname = hostnameOf(pod);
    const names = { services: objects.services.list(), slices: objects.slices.list() };
    const resolvConf = resolvConfOf(pod, machineResolvConf());
    const hosts = hostsFile(pod, this.placeOf(pod).podIP, hostname, names);
    await runtime.preparePod({
      uid,
      namespace,
      name,
      hostname,
      hosts,
      ...(resolvConf !== undefined && { resolvConf }),
    });
  }

  async refreshVolumes(pod: Pod): Promise<number | undefined> {
    const { objects, volumes, tokens, clock } = this.#context;
    const sources = await objects.sourcesOf(pod);
    await objects.lookForClaims(pod);
    const dueTimes: number[] = [];
    for (const projection of tokenProjections(pod)) {
      const due = await tokens.refresh(pod, projection).catch((error: Error) => {
        throw new VolumeError(
          `MountVolume.SetUp failed for volume "${tokenVolumeOf(pod)}" : failed to fetch token: ${error.message}`,
        );
      });
      dueTimes.push(due);
    }
    this.#sequence += 1;
    const token = (projection: Parameters<typeof tokens.get>[1]): string => tokens.get(pod.metadata.uid, projection);
    volumes.setUp({ pod, sources, token, ...this.placeOf(pod) }, `${clock.now()}_${this.#sequence}`);
    return dueTimes.length > 0 ? Math.min(...dueTimes) : undefined;
  }

  /** Nothing of the pod runs any more: gives back what it held. Logs stay. */
  async release(podUid: string): Promise<void> {
    const { volumes, tokens, addresses, runtime } = this.#context;
    volumes.tearDown(podUid);
    tokens.forget(podUid);
    await runtime.removePod(podUid);
    addresses.release(podUid);
  }

  /** How an instance ended, in the kubelet's words. */
  async endOf({ podUid, name, instance, logPath }: Running, { code, at, lost }: Exit): Promise<EndFacts> {
    if (lost) return { exitCode: code, at, reason: "ContainerStatusUnknown", message: LOST };
    const path = this.#context.starter.terminationLog(podUid, name, instance);
    const message = await terminationMessage(path, logPath, code);
    return {
      exitCode: code,
      at,
      reason: code === 0 ? "Completed" : "Error",
      ...(message !== undefined && { message }),
    };
  }

  removeLogs(pod: Pod): void {
    rmSync(podLogDirectory(this.#context.config.home, pod), { recursive: true, force: true });
  }
}

function tokenVolumeOf({ spec }: Pod): string {
  return (
    spec.volumes?.find(({ projected }) => projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken))
      ?.name ?? ""
  );
}

function machineResolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}
