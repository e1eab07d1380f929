import { endpointslices, httproutes, releasepolicies, services } from "../../api/generated/resources.ts";
import type { KubeObject } from "../../api/object.ts";
import type { Informer } from "../../client/informer.ts";
import type { Informers } from "../../client/informers.ts";
import type { RoutingView } from "../../plan/routing/view.ts";

/** The objects from which traffic is routed, as the API last said. */
export class RoutingWatch implements Disposable {
  readonly #informers: Informers;
  readonly #services;
  readonly #slices;
  readonly #routes;
  readonly #policies;
  readonly #subscriptions: readonly Disposable[];

  /** `changed` is called for every change, many times in one turn when many come. */
  constructor(informers: Informers, changed: () => void) {
    this.#informers = informers;
    this.#services = informers.of(services);
    this.#slices = informers.of(endpointslices);
    this.#routes = informers.of(httproutes);
    this.#policies = informers.of(releasepolicies);
    this.#subscriptions = [this.#services, this.#slices, this.#routes, this.#policies].map((informer) =>
      informer.onChange(changed),
    );
  }

  /** Resolves when all of them have been read once. */
  synced(): Promise<void> {
    return this.#informers.synced();
  }

  view(): RoutingView {
    const versions: Record<string, string> = {};
    const all: readonly Pick<Informer<KubeObject>, "resource" | "version">[] = [
      this.#services,
      this.#slices,
      this.#routes,
      this.#policies,
    ];
    for (const { resource, version } of all) if (version !== undefined) versions[resource.plural] = version;
    return {
      services: this.#services.list(),
      slices: this.#slices.list(),
      routes: this.#routes.list(),
      policies: this.#policies.list(),
      versions,
    };
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }
}
