import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
} from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import {
  configmaps,
  endpointslices,
  meshworkers,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  secrets,
  services,
} from "../../api/generated/resources.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import type { KubeObject } from "../../api/object.ts";
import type { Resource } from "../../api/resource.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { Informer } from "../../client/informer.ts";
import type { Informers } from "../../client/informers.ts";
import type { PodSources } from "../../plan/node/environment.ts";
import { referencesOf } from "../../plan/node/references.ts";

/** The objects of the API that the node agent looks at, kept up to date by watches. */
export class NodeObjects {
  readonly pods: Informer<Pod>;
  readonly configMaps: Informer<ConfigMap>;
  readonly secrets: Informer<Secret>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly workers: Informer<MeshWorker>;
  readonly #client: ApiClient;
  /** Claims that the cache did not have yet when they were asked for. */
  readonly #freshClaims = new Map<string, PersistentVolumeClaim>();

  constructor(client: ApiClient, informers: Informers, nodeName: string) {
    this.#client = client;
    this.pods = informers.of(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    this.configMaps = informers.of(configmaps);
    this.secrets = informers.of(secrets);
    this.services = informers.of(services);
    this.slices = informers.of(endpointslices);
    this.claims = informers.of(persistentvolumeclaims);
    this.volumes = informers.of(persistentvolumes);
    this.workers = informers.of(meshworkers);
  }

  async synced(): Promise<void> {
    const all = [
      this.pods,
      this.configMaps,
      this.secrets,
      this.services,
      this.slices,
      this.claims,
      this.volumes,
      this.workers,
    ];
    await Promise.all(all.map(({ synced }) => synced));
  }

  /**
   * What the pod refers to. The caches may be a moment behind the pod itself, so what they do not have is asked for
   * once more: a pod made together with its ConfigMap must not fail for want of it.
   */
  async sourcesOf(pod: Pod): Promise<PodSources> {
    const namespace = pod.metadata.namespace ?? "";
    const names = referencesOf(pod);
    const maps = await this.#find(configmaps, this.configMaps, namespace, names.configMaps);
    const keys = await this.#find(secrets, this.secrets, namespace, names.secrets);
    return { configMap: (name) => maps.get(name), secret: (name) => keys.get(name) };
  }

  /** The Services that a pod of the namespace is told of. */
  servicesOf(namespace: string): readonly Service[] {
    const api = namespace === "default" ? undefined : this.services.get("default/kubernetes");
    return [...(api ? [api] : []), ...this.services.inNamespace(namespace)];
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.claims.get(`${namespace}/${name}`) ?? this.#freshClaims.get(`${namespace}/${name}`);
  }

  /** As for `sourcesOf`: a pod made together with its claim must not fail for want of it. */
  async lookForClaims(pod: Pod): Promise<void> {
    const namespace = pod.metadata.namespace ?? "";
    const found = await this.#find(persistentvolumeclaims, this.claims, namespace, referencesOf(pod).claims);
    for (const [name, claim] of found) this.#freshClaims.set(`${namespace}/${name}`, claim);
  }

  async #find<T extends KubeObject>(
    resource: Resource<T>,
    informer: Informer<T>,
    namespace: string,
    names: ReadonlySet<string>,
  ): Promise<Map<string, T>> {
    const found = new Map<string, T>();
    for (const name of names) {
      const object = informer.get(`${namespace}/${name}`) ?? (await this.#get(resource, namespace, name));
      if (object) found.set(name, object);
    }
    return found;
  }

  async #get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T | undefined> {
    try {
      return await this.#client.get(resource, name, namespace);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
