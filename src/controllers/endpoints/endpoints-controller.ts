import type { Endpoints, Pod, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { endpointslices, endpoints, nodes, pods, services } from "../../api/generated/resources.ts";
import { keyOf } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { Informer } from "../../client/informer.ts";
import type { ObjectIndex } from "../../client/object-index.ts";
import { labelSelectorOfMap, matchesLabels } from "../../lib/label-selector.ts";
import { MANAGER, planEndpointSlices } from "../../plan/endpoints/endpoint-slice-plan.ts";
import { ENDPOINTS_MANAGED_BY, ENDPOINTS_MANAGER, planEndpoints } from "../../plan/endpoints/endpoints-plan.ts";
import { hasOwnEndpoints } from "../../plan/endpoints/service-pods.ts";
import { type Triggers, triggersOf, triggerTime } from "../../plan/endpoints/trigger-time.ts";
import { type ControllerDeps, DONE } from "../controller-deps.ts";
import { isNamespaceTerminating } from "../ownership.ts";
import { applySlice, serviceOf } from "./slice-writes.ts";

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** Keeps the EndpointSlices and Endpoints of Services in step with their pods (src/plan/endpoints). */
export class EndpointsController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #slices: Informer<EndpointSlice>;
  /** Those that this controller keeps, by the key of their Service. */
  readonly #ownSlices: ObjectIndex<EndpointSlice>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #controllers: readonly Controller[];
  /** What the last pass over a Service has seen, for each of the two: the next one notes what has changed since. One without endpoints
   * of its own is not looked at. */
  readonly #seenBySlices = new Map<string, Triggers>();
  readonly #seenByEndpoints = new Map<string, Triggers | undefined>();

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    const { informers } = deps;
    this.#services = informers.of(services);
    this.#pods = informers.of(pods);
    this.#slices = informers.of(endpointslices);
    this.#ownSlices = this.#slices.index(serviceOfSlice);
    this.#endpoints = informers.of(endpoints);
    const ofPod = source(this.#pods, (pod) => this.#servicesOf(pod));
    const ofService = source(this.#services, ownKey);
    const slices = new Controller({
      ...deps,
      name: "endpointslice",
      sources: [ofService, ofPod, source(this.#slices, serviceOfSlice), source(informers.of(nodes), () => [])],
      reconcile: (key) => this.#reconcileSlices(key),
    });
    const mirror = new Controller({
      ...deps,
      name: "endpoints",
      sources: [ofService, ofPod, source(this.#endpoints, ownKey)],
      reconcile: (key) => this.#reconcileEndpoints(key),
    });
    this.#controllers = [slices.start(), mirror.start()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller[Symbol.asyncDispose]()));
  }

  #servicesOf({ metadata: { namespace = "", labels } }: Pod): readonly string[] {
    return this.#services
      .inNamespace(namespace)
      .filter(({ spec }) => spec.selector && matchesLabels(labelSelectorOfMap(spec.selector), labels))
      .map(keyOf);
  }

  #podsOf({ metadata: { namespace = "" }, spec }: Service): readonly Pod[] {
    const selector = labelSelectorOfMap(spec.selector);
    return this.#pods.inNamespace(namespace).filter(({ metadata }) => matchesLabels(selector, metadata.labels));
  }

  async #reconcileSlices(key: string): Promise<Outcome> {
    const service = this.#services.get(key);
    if (!service) {
      this.#seenBySlices.delete(key);
      return DONE;
    }
    const slices = this.#ownSlices.get(key);
    const zones = Object.fromEntries(
      this.#deps.informers
        .of(nodes)
        .list()
        .flatMap(({ metadata: { name, labels } }) => (labels?.[ZONE_LABEL] ? [[name, labels[ZONE_LABEL]]] : [])),
    ) as Readonly<Record<string, string>>;
    const pods = this.#podsOf(service);
    const triggers = triggersOf(service, pods);
    const time = triggerTime(this.#seenBySlices.get(key), triggers);
    const actions = planEndpointSlices({ service, pods, slices, zones, triggerTime: time });
    await Promise.all(actions.map((action) => applySlice(this.#deps.client, this.#slices, action)));
    if (hasOwnEndpoints(service)) this.#seenBySlices.set(key, triggers);
    return DONE;
  }

  async #reconcileEndpoints(key: string): Promise<Outcome> {
    const { client } = this.#deps;
    const service = this.#services.get(key);
    const current = this.#endpoints.get(key);
    if (!service) {
      const wasThere = this.#seenByEndpoints.delete(key);
      // Endpoints have no owner that takes them along: they go with their Service, whoever made them. Without one they may stay.
      if (current && (wasThere || current.metadata.labels?.[ENDPOINTS_MANAGED_BY] === ENDPOINTS_MANAGER)) {
        const { name, namespace, uid } = current.metadata;
        await client.delete(endpoints, name, namespace, { preconditions: { uid } }).catch(ignoreMissing);
      }
      return DONE;
    }
    const pods = this.#podsOf(service);
    const triggers = triggersOf(service, pods);
    const time = triggerTime(this.#seenByEndpoints.get(key), triggers);
    const view = { service, pods, ...(current && { endpoints: current }), triggerTime: time };
    for (const action of planEndpoints(view)) {
      try {
        const written =
          action.kind === "createEndpoints"
            ? await client.create(endpoints, action.object)
            : await client.update(endpoints, action.object);
        await this.#endpoints.reached(written.metadata.resourceVersion);
      } catch (error) {
        if (!isNamespaceTerminating(error) && !isAlreadyExists(error)) throw error;
      }
    }
    this.#seenByEndpoints.set(key, hasOwnEndpoints(service) ? triggers : this.#seenByEndpoints.get(key));
    return DONE;
  }
}

const serviceOfSlice = (slice: EndpointSlice): readonly string[] => serviceOf(slice, MANAGER);

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
