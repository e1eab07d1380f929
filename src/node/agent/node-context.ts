import type { ApiClient } from "../../client/api-client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Logger } from "../../observe/logger.ts";
import type { MeshProcess } from "../../plan/node/drain.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { LogKeeper } from "../logs/log-keeper.ts";
import type { Runtime } from "../runtime.ts";
import type { ContainerStarter } from "./container-starter.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NodeObjects } from "./node-objects.ts";
import type { PodAddresses } from "./pod-addresses.ts";
import type { PodVolumes } from "./pod-volumes.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";

/** What the parts of the node agent share. */
export interface NodeContext {
  readonly config: NodeConfig;
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly logs: LogKeeper;
  readonly objects: NodeObjects;
  readonly addresses: PodAddresses;
  readonly volumes: PodVolumes;
  readonly tokens: ServiceAccountTokens;
  readonly starter: ContainerStarter;
  readonly recorder: EventRecorder;
  /** The mesh workers that run and serve now. */
  readonly meshProcesses: () => readonly MeshProcess[];
  /** What the node has to give, by resource. */
  readonly allocatable: Readonly<Record<string, string>>;
}
