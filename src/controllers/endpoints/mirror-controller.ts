import type { Endpoints, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { endpointslices, endpoints, services } from "../../api/generated/resources.ts";
import { Controller, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import type { ObjectIndex } from "../../client/object-index.ts";
import { MIRROR_MANAGER, planMirror } from "../../plan/endpoints/mirror-plan.ts";
import { type ControllerDeps, DONE, recorderFor } from "../controller-deps.ts";
import { applySlice, serviceOf } from "./slice-writes.ts";

/** Shows what somebody has written into Endpoints to those who read EndpointSlices (src/plan/endpoints/mirror-plan.ts). */
export class EndpointSliceMirrorController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #events: EventRecorder;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #mirrors: ObjectIndex<EndpointSlice>;
  readonly #controller: Controller;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    const { informers } = deps;
    this.#events = recorderFor(deps, "endpoint-slice-mirroring-controller");
    this.#services = informers.of(services);
    this.#endpoints = informers.of(endpoints);
    this.#slices = informers.of(endpointslices);
    this.#mirrors = this.#slices.index(mirroredIn);
    this.#controller = new Controller({
      ...deps,
      name: "endpointslicemirroring",
      sources: [source(this.#services, ownKey), source(this.#endpoints, ownKey), source(this.#slices, mirroredIn)],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
  }

  async #reconcile(key: string): Promise<Outcome> {
    const endpoints = this.#endpoints.get(key);
    const view = { endpoints, service: this.#services.get(key), slices: this.#mirrors.get(key) };
    for (const action of planMirror(view)) {
      if (action.kind !== "event") await applySlice(this.#deps.client, this.#slices, action);
      else if (endpoints) this.#events.record(endpoints, action);
    }
    return DONE;
  }
}

const mirroredIn = (slice: EndpointSlice): readonly string[] => serviceOf(slice, MIRROR_MANAGER);
