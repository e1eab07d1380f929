import type { Service } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import { httproutes, meshworkers, releasepolicies, services } from "../../api/generated/resources.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { keyOf } from "../../api/object.ts";
import { Controller, type Outcome, type Source, source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { planRefusedPorts } from "../../plan/route-status/refused-ports-plan.ts";
import { planRouteStatus } from "../../plan/route-status/route-status-plan.ts";
import { compile } from "../../plan/routing/compile.ts";
import type { RouteFinding } from "../../plan/routing/findings.ts";
import { type ControllerDeps, DONE, lookAgain, sameJson, recorderFor } from "../controller-deps.ts";

/** Reports what the mesh makes of routes and ports (src/plan/route-status). */
export class RouteStatusController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #events: EventRecorder;
  readonly #routes: Informer<HTTPRoute>;
  readonly #services: Informer<Service>;
  readonly #workers: Informer<MeshWorker>;
  readonly #controllers: readonly Controller[];
  /** By route; absent when something has changed since. */
  #findings: ReadonlyMap<string, readonly RouteFinding[]> | undefined;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    const { informers } = deps;
    this.#events = recorderFor(deps, "route-status-controller");
    this.#routes = informers.of(httproutes);
    this.#services = informers.of(services);
    this.#workers = informers.of(meshworkers);
    const anew = (): readonly string[] => {
      this.#findings = undefined;
      return this.#routes.list().map(keyOf);
    };
    const routes = new Controller({
      ...deps,
      name: "route-status",
      sources: [
        source(this.#routes, anew),
        source(this.#services, anew),
        source(informers.of(releasepolicies), anew),
        this.#onReport(
          ({ applied }) => applied,
          () => this.#routes.list().map(keyOf),
        ),
      ],
      reconcile: (key) => this.#reconcileRoute(key),
    });
    const ports = new Controller({
      ...deps,
      name: "refused-ports",
      sources: [
        source(this.#services, (service) => (service.status?.conditions?.length ? [keyOf(service)] : [])),
        this.#onReport(
          ({ refused }) => refused,
          (worker) => worker.status?.refused?.map(({ namespace, service }) => `${namespace}/${service}`) ?? [],
        ),
      ],
      reconcile: (key) => this.#reconcilePorts(key),
    });
    this.#controllers = [routes.start(), ports.start()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller[Symbol.asyncDispose]()));
    await this.#events[Symbol.asyncDispose]();
  }

  /** Workers report every second that they live; only a change of this part of the report asks for a look. */
  #onReport(
    part: (status: NonNullable<MeshWorker["status"]>) => unknown,
    keysOf: (worker: MeshWorker) => readonly string[],
  ): Source {
    return {
      informer: this.#workers,
      connect: (enqueue) =>
        this.#workers.onChange((current, previous) => {
          if (current && previous && sameJson(part(current.status ?? {}), part(previous.status ?? {}))) return;
          for (const worker of [current, previous]) if (worker) for (const key of keysOf(worker)) enqueue(key);
        }),
    };
  }

  #findingsOf(key: string): readonly RouteFinding[] {
    if (!this.#findings) {
      const { findings } = compile({
        services: this.#services.list(),
        routes: this.#routes.list(),
        policies: this.#deps.informers.of(releasepolicies).list(),
        // Endpoints say nothing about a route.
        slices: [],
        versions: {},
      });
      this.#findings = Map.groupBy(findings, ({ namespace, name }) => `${namespace}/${name}`);
    }
    return this.#findings.get(key) ?? [];
  }

  async #reconcileRoute(key: string): Promise<Outcome> {
    const route = this.#routes.get(key);
    if (!route) return DONE;
    const { clock, client } = this.#deps;
    const view = { route, findings: this.#findingsOf(key), workers: this.#workers.list() };
    const { status, wakeAt } = planRouteStatus(view, clock.now());
    if (!sameJson(status.parents, route.status?.parents ?? [])) {
      const written = await client.update(httproutes, { ...route, status }, { subresource: "status" });
      await this.#routes.reached(written.metadata.resourceVersion);
    }
    return lookAgain(wakeAt, clock);
  }

  async #reconcilePorts(key: string): Promise<Outcome> {
    const service = this.#services.get(key);
    if (!service) return DONE;
    const { clock, client } = this.#deps;
    const { actions, status } = planRefusedPorts({ service, workers: this.#workers.list() }, clock.now());
    for (const action of actions) this.#events.record(service, action);
    if (!sameJson(status, service.status?.conditions ?? [])) {
      const { conditions: _, ...rest } = service.status ?? {};
      const object = { ...service, status: { ...rest, ...(status.length > 0 && { conditions: status }) } };
      const written = await client.update(services, object, { subresource: "status" });
      await this.#services.reached(written.metadata.resourceVersion);
    }
    return DONE;
  }
}
