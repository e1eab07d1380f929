import type { Resource } from "../api/resource.ts";
import type { ResourceInfo, TypeTable } from "../api/table/type-table.ts";
import type { ApiClient } from "../client/api-client.ts";
import { Informers } from "../client/informers.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Logger } from "../observe/logger.ts";
import { type Metrics, silentMetrics } from "../observe/metrics.ts";
import type { ControllerDeps } from "./controller-deps.ts";
import { DeploymentController } from "./deployment/deployment-controller.ts";
import { EndpointsController } from "./endpoints/endpoints-controller.ts";
import { EndpointSliceMirrorController } from "./endpoints/mirror-controller.ts";
import { GarbageCollector } from "./gc/garbage-collector.ts";
import { NamespaceController } from "./namespace/namespace-controller.ts";
import { NodeUpkeepController } from "./node-upkeep/node-upkeep-controller.ts";
import { ReplicaSetController } from "./replicaset/replica-set-controller.ts";
import { RoleAggregationController } from "./role-aggregation/role-aggregation-controller.ts";
import { RouteStatusController } from "./route-status/route-status-controller.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { NamespaceDefaultsController } from "./service-account/namespace-defaults-controller.ts";
import { ensureStorageClass, VolumeClaimController } from "./volume-claim/volume-claim-controller.ts";
import type { VolumeDirectory } from "./volume-claim/volume-directory.ts";

export interface ManagerOptions {
  /** Acts as `kube-controller-manager`: that is the name under which fields are owned. */
  readonly client: ApiClient;
  /** Acts as `kube-scheduler`; absent: the scheduler uses the same client. */
  readonly scheduler?: ApiClient;
  /** Everything that the server has, for the garbage collector and for namespaces. */
  readonly types: Pick<TypeTable, "resources">;
  /** The certificates that verify the API server, PEM. */
  readonly ca: string;
  /** Name of this machine. */
  readonly host: string;
  /** Where volumes are made; absent: nowhere. */
  readonly volumes?: VolumeDirectory;
  /** Controllers that somebody else runs, or that lack their kinds. */
  readonly without?: ReadonlySet<ControllerName>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
}

interface ManagerDeps extends ControllerDeps, Pick<ManagerOptions, "ca" | "host" | "volumes" | "scheduler"> {
  readonly resources: readonly Resource[];
}

export type ControllerName =
  | "deployment"
  | "replicaset"
  | "endpoints"
  | "endpointSliceMirroring"
  | "scheduler"
  | "nodeUpkeep"
  | "namespaceDefaults"
  | "volumeClaim"
  | "roleAggregation"
  | "routeStatus"
  | "garbageCollector"
  | "namespace";

const CONTROLLERS: Readonly<Record<ControllerName, (deps: ManagerDeps) => AsyncDisposable>> = {
  deployment: (deps) => new DeploymentController(deps),
  replicaset: (deps) => new ReplicaSetController(deps),
  endpoints: (deps) => new EndpointsController(deps),
  endpointSliceMirroring: (deps) => new EndpointSliceMirrorController(deps),
  scheduler: (deps) => new Scheduler({ ...deps, client: deps.scheduler ?? deps.client }),
  nodeUpkeep: (deps) => new NodeUpkeepController(deps),
  namespaceDefaults: (deps) => new NamespaceDefaultsController(deps),
  volumeClaim: (deps) => new VolumeClaimController(deps),
  roleAggregation: (deps) => new RoleAggregationController(deps),
  routeStatus: (deps) => new RouteStatusController(deps),
  garbageCollector: (deps) => new GarbageCollector(deps),
  namespace: (deps) => new NamespaceController(deps),
};

/** All controllers of the engine. They know the world only through the client, so they run against any Kubernetes API. */
export class ControllerManager implements AsyncDisposable {
  readonly #informers: Informers;
  readonly #controllers: readonly AsyncDisposable[];

  /** Resolves when every controller has seen everything there is. */
  static async start(options: ManagerOptions): Promise<ControllerManager> {
    const { client, clock, random, metrics = silentMetrics, types, ca, host, volumes, scheduler, without } = options;
    const log = options.log.child({ part: "controllers" });
    const informers = new Informers(client, { clock, random, log });
    const resources = types.resources.filter(isStored);
    const shared = { client, informers, clock, random, log, metrics, resources, ca, host };
    const deps: ManagerDeps = { ...shared, ...(volumes && { volumes }), ...(scheduler && { scheduler }) };
    await ensureStorageClass(deps);
    const wanted = Object.entries(CONTROLLERS).filter(([name]) => !without?.has(name as ControllerName));
    const manager = new ControllerManager(
      informers,
      wanted.map(([, start]) => start(deps)),
    );
    await informers.synced();
    return manager;
  }

  private constructor(informers: Informers, controllers: readonly AsyncDisposable[]) {
    this.#informers = informers;
    this.#controllers = controllers;
  }

  /** Stops all of them at once; whoever waits for something to be seen is told that it will not come. */
  async [Symbol.asyncDispose](): Promise<void> {
    const stopping = this.#controllers.map((controller) => controller[Symbol.asyncDispose]());
    await Promise.all([...stopping, this.#informers[Symbol.asyncDispose]()]);
  }
}

/** Another version of a resource shows the same objects; reviews and bindings are nothing that stays. */
function isStored({ group, version, storage, verbs }: ResourceInfo): boolean {
  return group === storage.group && version === storage.version && verbs.includes("list") && verbs.includes("watch");
}
