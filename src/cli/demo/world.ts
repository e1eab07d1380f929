import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import {
  deployments,
  endpointslices,
  meshworkers,
  pods,
  releasepolicies,
  releases,
  replicasets,
} from "../../api/generated/resources.ts";
import type { MeshWorker, Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { KubeObject } from "../../api/object.ts";
import type { Resource } from "../../api/resource.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { Informer } from "../../client/informer.ts";
import { Informers } from "../../client/informers.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { silentLogger } from "../../observe/logger.ts";

/** Everything that the demo watches, through the API like any client. */
export class World implements AsyncDisposable {
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  readonly slices: Informer<EndpointSlice>;
  readonly policies: Informer<ReleasePolicy>;
  readonly releases: Informer<Release>;
  readonly workers: Informer<MeshWorker>;
  readonly #informers: Informers;
  readonly #handlers = new Set<() => void>();

  constructor(client: ApiClient, namespace: string, clock: Clock, random: Random) {
    this.#informers = new Informers(client, { clock, random, log: silentLogger });
    const watched = <T extends KubeObject>(resource: Resource<T>): Informer<T> => {
      const informer = this.#informers.of(resource, resource.namespaced ? { namespace } : {});
      informer.onChange(() => this.touch());
      return informer;
    };
    this.deployments = watched(deployments);
    this.replicaSets = watched(replicasets);
    this.pods = watched(pods);
    this.slices = watched(endpointslices);
    this.policies = watched(releasepolicies);
    this.releases = watched(releases);
    this.workers = watched(meshworkers);
  }

  synced(): Promise<void> {
    return this.#informers.synced();
  }

  /** Calls `handler` after each change of anything. */
  onChange(handler: () => void): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  /** Something has changed that others wait for. */
  touch(): void {
    for (const handler of this.#handlers) handler();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#informers[Symbol.asyncDispose]();
  }
}
