import {
  deployments,
  httproutes,
  releasepolicies,
  releases,
  replicasets,
  services,
  trips,
} from "../api/generated/resources.ts";
import type { Trip } from "../api/generated/sluice-dev.ts";
import type { Draft, KubeObject } from "../api/object.ts";
import type { Resource } from "../api/resource.ts";
import { isConflict, isNotFound } from "../api/status-error.ts";
import type { ApiClient } from "../client/api-client.ts";
import type { Informer } from "../client/informer.ts";
import { type JsonValue, jsonEqual } from "../lib/json.ts";
import type { ReleaseAction } from "../plan/release/actions.ts";
import type { ReleaseInformers } from "./release-informers.ts";

/** How often a write is tried that only a status stands in the way of. */
const ATTEMPTS = 5;

/** Writes what a plan asks for, and waits until the caches have seen it, so that the next look starts from it. */
export class ReleaseWriter {
  readonly #client: ApiClient;
  readonly #caches: ReleaseInformers;
  readonly #namespace: string;
  readonly #seen: Promise<void>[] = [];

  constructor(client: ApiClient, caches: ReleaseInformers, namespace: string) {
    this.#client = client;
    this.#caches = caches;
    this.#namespace = namespace;
  }

  /** Throws a Conflict when somebody has changed an object since it was read. */
  async write(action: Exclude<ReleaseAction, { kind: "event" | "smoke" | "writeTrip" }>): Promise<void> {
    switch (action.kind) {
      case "createService":
        return this.#create(services, action.object, this.#caches.services);
      case "updateService":
        return this.#update(services, action.object, this.#caches.services);
      case "deleteService":
        return this.#delete(services, action.name);
      case "createRoute":
        return this.#create(httproutes, action.object, this.#caches.routes);
      case "updateRoute":
        return this.#update(httproutes, action.object, this.#caches.routes);
      case "deleteRoute":
        return this.#delete(httproutes, action.name);
      case "updateDeployment":
        return this.#update(deployments, action.object, this.#caches.deployments);
      case "scaleReplicaSet":
        return this.#scale(action.name, action.replicas);
      case "createRelease":
        return this.#create(releases, action.object, this.#caches.releases);
      case "deleteRelease":
        return this.#delete(releases, action.name);
      case "updatePolicy":
        return this.#update(releasepolicies, action.object, this.#caches.policies);
      case "deleteTrip":
        return this.#delete(trips, action.name);
    }
  }

  /** Writes the limits for the mesh, when they have changed. */
  async writeTrip(name: string, spec: Trip["spec"]): Promise<void> {
    const current = this.#caches.trips.get(`${this.#namespace}/${name}`);
    if (!current) {
      const object: Draft<Trip> = {
        apiVersion: "sluice.dev/v1alpha1",
        kind: "Trip",
        metadata: { name, namespace: this.#namespace },
        spec,
      };
      return this.#create(trips, object, this.#caches.trips);
    }
    if (jsonEqual(spec as unknown as JsonValue, current.spec as unknown as JsonValue)) return undefined;
    return this.#update(trips, { ...current, spec }, this.#caches.trips);
  }

  async updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, cache: Informer<T>): Promise<void> {
    const written = await this.#client.update(resource, object, { subresource: "status" });
    this.#seen.push(cache.reached(written.metadata.resourceVersion));
  }

  /** Resolves when everything that was written is in the caches. */
  async settled(): Promise<void> {
    await Promise.all(this.#seen.splice(0));
  }

  async #create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, cache: Informer<T>): Promise<void> {
    const written = await this.#client.create(resource, object);
    this.#seen.push(cache.reached(written.metadata.resourceVersion));
  }

  async #update<T extends KubeObject>(resource: Resource<T>, object: T, cache: Informer<T>): Promise<void> {
    const written = await this.#replace(resource, object);
    // The last finalizer takes the object away: the cache hears of that as of any deletion.
    if (written.metadata.deletionTimestamp === undefined)
      this.#seen.push(cache.reached(written.metadata.resourceVersion));
  }

  /**
   * The status of a route or Service is written to the same object, which is none of our business: as long as the spec is
   * the one that we read (its generation is the same), we write again. Anything else is a conflict.
   */
  async #replace<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const { name, namespace, generation, labels } = object.metadata;
    let wanted = object;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#client.update(resource, wanted);
      } catch (error) {
        const splits = resource.kind === "HTTPRoute" || resource.kind === "Service";
        if (!isConflict(error) || !splits || generation === undefined || attempt === ATTEMPTS) throw error;
        const { metadata } = await this.#client.get(resource, name, namespace);
        if (metadata.generation !== generation || metadata.deletionTimestamp !== undefined) throw error;
        wanted = { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
      }
    }
  }

  async #scale(name: string, replicas: number): Promise<void> {
    const body = { spec: { replicas } };
    const written = await this.#client.patch(replicasets, name, this.#namespace, { type: "merge", body });
    this.#seen.push(this.#caches.sets.reached(written.metadata.resourceVersion));
  }

  async #delete(resource: Resource, name: string): Promise<void> {
    try {
      await this.#client.delete(resource, name, this.#namespace, { propagationPolicy: "Background" });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
