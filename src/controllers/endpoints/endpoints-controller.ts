import type { Endpoints, Pod, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { endpointslices, endpoints, nodes, pods, services } from "../../api/generated/resources.ts";
import { keyOf } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { Informer } from "../../client/informer.ts";
import { labelSelectorOfMap, matchesLabels } from "../../lib/label-selector.ts";
import {
  type EndpointSliceAction,
  MANAGED_BY_LABEL,
  MANAGER,
  planEndpointSlices,
  SERVICE_NAME_LABEL,
} from "../../plan/endpoints/endpoint-slice-plan.ts";
import { ENDPOINTS_MANAGED_BY, ENDPOINTS_MANAGER, planEndpoints } from "../../plan/endpoints/endpoints-plan.ts";
import { isNamespaceTerminating } from "../ownership.ts";
import { type ControllerDeps, DONE } from "../controller-deps.ts";

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** Keeps the EndpointSlices and Endpoints of Services in step with their pods (src/plan/endpoints). */
export class EndpointsController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #controllers: readonly Controller[];

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    const { informers } = deps;
    this.#services = informers.of(services);
    this.#pods = informers.of(pods);
    this.#slices = informers.of(endpointslices);
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
    if (!service) return DONE;
    const slices = this.#slices
      .inNamespace(service.metadata.namespace ?? "")
      .filter((slice) => serviceOfSlice(slice)[0] === key);
    const zones = Object.fromEntries(
      this.#deps.informers
        .of(nodes)
        .list()
        .flatMap(({ metadata: { name, labels } }) => (labels?.[ZONE_LABEL] ? [[name, labels[ZONE_LABEL]]] : [])),
    ) as Readonly<Record<string, string>>;
    const actions = planEndpointSlices({ service, pods: this.#podsOf(service), slices, zones });
    await Promise.all(actions.map((action) => this.#apply(action)));
    return DONE;
  }

  async #apply(action: EndpointSliceAction): Promise<void> {
    const { client } = this.#deps;
    if (action.kind === "deleteSlice") {
      const { name, namespace, uid } = action.slice.metadata;
      await client.delete(endpointslices, name, namespace, { preconditions: { uid } }).catch(ignoreMissing);
      await this.#slices.until(keyOf(action.slice), (slice) => slice?.metadata.uid !== uid);
      return;
    }
    try {
      const written =
        action.kind === "createSlice"
          ? await client.create(endpointslices, action.object)
          : await client.update(endpointslices, action.object);
      await this.#slices.reached(written.metadata.resourceVersion);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  }

  async #reconcileEndpoints(key: string): Promise<Outcome> {
    const { client } = this.#deps;
    const service = this.#services.get(key);
    const current = this.#endpoints.get(key);
    if (!service) {
      // Endpoints have no owner that takes them along; those that somebody else made stay.
      if (current?.metadata.labels?.[ENDPOINTS_MANAGED_BY] === ENDPOINTS_MANAGER) {
        const { name, namespace, uid } = current.metadata;
        await client.delete(endpoints, name, namespace, { preconditions: { uid } }).catch(ignoreMissing);
      }
      return DONE;
    }
    const view = { service, pods: this.#podsOf(service), ...(current && { endpoints: current }) };
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
    return DONE;
  }
}

/** The Service of a slice that we manage. */
function serviceOfSlice({ metadata: { namespace, labels } }: EndpointSlice): readonly string[] {
  const name = labels?.[SERVICE_NAME_LABEL];
  return name && labels?.[MANAGED_BY_LABEL] === MANAGER ? [`${namespace}/${name}`] : [];
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
