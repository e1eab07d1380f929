import type { Deployment, ReplicaSet } from "../api/generated/apps-v1.ts";
import type { Pod, Service } from "../api/generated/core-v1.ts";
import type { EndpointSlice } from "../api/generated/discovery-v1.ts";
import type { HTTPRoute } from "../api/generated/gateway-networking-k8s-io.ts";
import {
  deployments,
  endpointslices,
  httproutes,
  meshworkers,
  pods,
  releasepolicies,
  releases,
  replicasets,
  services,
  trips,
} from "../api/generated/resources.ts";
import type { MeshWorker, Release, ReleasePolicy, Trip } from "../api/generated/sluice-dev.ts";
import type { KubeObject } from "../api/object.ts";
import { controllerKey, ownKey, type Source, source } from "../client/controller.ts";
import type { Informer } from "../client/informer.ts";
import type { Informers } from "../client/informers.ts";
import { DEPLOYMENT_LABEL } from "../plan/gate/names.ts";
import type { Capabilities, ReleaseView } from "../plan/release/view.ts";

const OWNER = { group: "apps", kind: "Deployment" };

/** The caches from which views are made, and which Deployments (`ns/name`) hear of a change. */
export class ReleaseInformers {
  readonly deployments: Informer<Deployment>;
  readonly sets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly routes: Informer<HTTPRoute>;
  readonly policies: Informer<ReleasePolicy>;
  readonly releases: Informer<Release>;
  readonly workers: Informer<MeshWorker>;
  readonly trips: Informer<Trip>;

  constructor(informers: Informers) {
    this.deployments = informers.of(deployments);
    this.sets = informers.of(replicasets);
    this.pods = informers.of(pods);
    this.services = informers.of(services);
    this.slices = informers.of(endpointslices);
    this.routes = informers.of(httproutes);
    this.policies = informers.of(releasepolicies);
    this.releases = informers.of(releases);
    this.workers = informers.of(meshworkers);
    this.trips = informers.of(trips);
  }

  sources(): readonly Source[] {
    const released = (keys: readonly string[]): readonly string[] => keys.filter((key) => this.#matters(key));
    return [
      source(this.deployments, (object) => [...released(ownKey(object)), ...this.#targets(object)]),
      source(this.sets, (set) => released(controllerKey(OWNER)(set))),
      source(this.pods, (pod) => released(this.#keysOfPod(pod))),
      source(this.services, (object) => this.#targets(object)),
      source(this.slices, (object) => this.#targets(object)),
      source(this.routes, (object) => this.#targets(object)),
      source(this.policies, (policy) => [keyIn(policy, policy.spec.targetRef.name)]),
      source(this.releases, (release) => [keyIn(release, release.spec.targetRef.name)]),
      source(this.workers, () => this.#waiting()),
      source(this.trips, () => []),
    ];
  }

  /** Everything about one Deployment but the findings; undefined when there is nothing to do with releases. */
  view(
    namespace: string,
    name: string,
    capabilities: Capabilities,
  ): Omit<ReleaseView, "findings" | "smoke"> | undefined {
    const key = `${namespace}/${name}`;
    if (!this.#matters(key)) return undefined;
    const deployment = this.deployments.get(key);
    const own = this.releases.inNamespace(namespace).filter(({ spec }) => spec.targetRef.name === name);
    const sets = deployment ? this.sets.ownedBy(deployment.metadata.uid) : [];
    const live = own.find(({ status }) => status?.endTime === undefined);
    const trip = live && this.trips.get(`${namespace}/${live.metadata.name}`);
    return {
      namespace,
      name,
      ...(deployment && { deployment }),
      deployments: this.deployments.inNamespace(namespace),
      replicaSets: sets,
      pods: sets.flatMap((set) => this.pods.ownedBy(set.metadata.uid)),
      policies: this.policies.inNamespace(namespace).filter(({ spec }) => spec.targetRef.name === name),
      services: this.services.inNamespace(namespace),
      slices: this.slices.inNamespace(namespace),
      routes: this.routes.inNamespace(namespace),
      releases: own,
      ...(trip && { trip }),
      workers: this.workers.list(),
      capabilities,
    };
  }

  /** A policy, a release or something that one of them left behind. */
  #matters(key: string): boolean {
    const slash = key.indexOf("/");
    const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
    const isOurs = ({ metadata }: KubeObject): boolean => metadata.labels?.[DEPLOYMENT_LABEL] === name;
    return (
      this.policies.inNamespace(namespace).some(({ spec }) => spec.targetRef.name === name) ||
      this.releases.inNamespace(namespace).some(({ spec }) => spec.targetRef.name === name) ||
      this.services.inNamespace(namespace).some(isOurs) ||
      this.routes.inNamespace(namespace).some(isOurs)
    );
  }

  #keysOfPod(pod: Pod): readonly string[] {
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
    const set = owner?.kind === "ReplicaSet" && this.sets.get(`${pod.metadata.namespace ?? ""}/${owner.name}`);
    return set ? controllerKey(OWNER)(set) : [];
  }

  /** The targets of all policies of the object's namespace, and the one for which it was made. */
  #targets(object: KubeObject): readonly string[] {
    const { namespace = "", labels } = object.metadata;
    const made = labels?.[DEPLOYMENT_LABEL];
    const keys = this.policies.inNamespace(namespace).map((policy) => keyIn(policy, policy.spec.targetRef.name));
    return made === undefined ? keys : [...keys, `${namespace}/${made}`];
  }

  /** Those for whom it matters what a worker says: live releases, and what waits to be in force. */
  #waiting(): readonly string[] {
    const live = this.releases.list().filter(({ status }) => status?.endTime === undefined);
    const unsettled = this.policies
      .list()
      .filter(
        ({ metadata, status }) =>
          metadata.deletionTimestamp !== undefined ||
          status?.conditions?.find(({ type }) => type === "Ready")?.status !== "True",
      );
    return [...live, ...unsettled].map((object) => keyIn(object, object.spec.targetRef.name));
  }
}

function keyIn(object: KubeObject, name: string): string {
  return `${object.metadata.namespace ?? ""}/${name}`;
}
