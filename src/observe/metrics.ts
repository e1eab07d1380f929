/**
 * Numbers for Prometheus. Names and units follow its conventions (`_total`, `_seconds`, base units); label values must come from a
 * small set. https://prometheus.io/docs/practices/naming/
 */
export interface Metrics {
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>;
  /** `buckets`: upper bounds, ascending; default: those for seconds from 1 ms to 10 s. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
    buckets?: readonly number[],
  ): Histogram<Label>;
  /** A gauge whose value is asked for when somebody looks. */
  observe(name: string, help: string, read: () => number): void;
  /** Everything in the Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
}

export type Labels<Label extends string> = Readonly<Record<Label, string>>;

export interface Counter<Label extends string = never> {
  /** Adds `amount`, by default 1; never negative. */
  add(labels: Labels<Label>, amount?: number): void;
}

export interface Gauge<Label extends string = never> {
  set(labels: Labels<Label>, value: number): void;
  /** Forgets the value of these labels. */
  remove(labels: Labels<Label>): void;
}

export interface Histogram<Label extends string = never> {
  record(labels: Labels<Label>, value: number): void;
}

/** Counts nothing; for tests and for parts whose numbers nobody asked for. */
export const silentMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined, remove: () => undefined }),
  histogram: () => ({ record: () => undefined }),
  observe: () => undefined,
  text: () => Promise.resolve(""),
};
