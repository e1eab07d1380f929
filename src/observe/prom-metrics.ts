// The parts alone, not the package: its index loads node:cluster and more, which costs each process 15 MB.
import PromCounter from "prom-client/lib/counter.js";
import PromGauge from "prom-client/lib/gauge.js";
import PromHistogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { Counter, Gauge, Histogram, Metrics } from "./metrics.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics kept by prom-client, in a registry of its own. Asking twice for one name gives the same metric. */
export class PromMetrics implements Metrics {
  readonly #registry = new Registry();

  counter<Label extends string = never>(name: string, help: string, labels: readonly Label[] = []): Counter<Label> {
    const counter = this.#once(name, () => new PromCounter<Label>(this.#config(name, help, labels)));
    return { add: (values, amount) => counter.inc(values, amount) };
  }

  gauge<Label extends string = never>(name: string, help: string, labels: readonly Label[] = []): Gauge<Label> {
    const gauge = this.#once(name, () => new PromGauge<Label>(this.#config(name, help, labels)));
    return { set: (values, value) => gauge.set(values, value), remove: (values) => gauge.remove(values) };
  }

  histogram<Label extends string = never>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
    buckets: readonly number[] = SECONDS,
  ): Histogram<Label> {
    const config = { ...this.#config(name, help, labels), buckets: [...buckets] };
    const histogram = this.#once(name, () => new PromHistogram<Label>(config));
    return { record: (values, value) => histogram.observe(values, value) };
  }

  observe(name: string, help: string, read: () => number): void {
    this.#once(
      name,
      () =>
        new PromGauge({
          ...this.#config(name, help, []),
          collect() {
            this.set(read());
          },
        }),
    );
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #config<Label extends string>(name: string, help: string, labels: readonly Label[]) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  #once<M>(name: string, make: () => M): M {
    return (this.#registry.getSingleMetric(name) as M | undefined) ?? make();
  }
}
