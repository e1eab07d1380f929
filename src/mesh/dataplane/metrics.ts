/** Upper bounds of the latency histogram in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The counters of one Service port and the backend that answered. */
class Series {
  /** By hundreds: 1xx … 5xx; place 0 is for what the client did not wait for. */
  readonly classes = new Float64Array(6);
  readonly buckets = new Float64Array(BUCKETS.length + 1);
  seconds = 0;
  received = 0;
  sent = 0;
}

export interface MeasuredRequest {
  readonly service: string;
  readonly backend: string;
  readonly status: number;
  readonly took: number;
  readonly received: number;
  readonly sent: number;
}

/** Golden metrics of a worker, in the text format of Prometheus. The number of series is that of Service ports and backends. */
export class Metrics {
  retries = 0;
  connects = 0;
  refused = 0;
  badRequests = 0;
  tcpConnections = 0;
  readonly #series = new Map<string, Map<string, Series>>();

  add(request: MeasuredRequest): void {
    const series = this.#seriesOf(request.service, request.backend);
    const place = request.status === 499 ? 0 : Math.min(5, Math.floor(request.status / 100));
    series.classes[place] = (series.classes[place] as number) + 1;
    const seconds = request.took / 1000;
    let bucket = 0;
    while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] as number)) bucket++;
    series.buckets[bucket] = (series.buckets[bucket] as number) + 1;
    series.seconds += seconds;
    series.received += request.received;
    series.sent += request.sent;
  }

  /** `gauges`: what is true now, by name. */
  text(gauges: Readonly<Record<string, number>>): string {
    const lines: string[] = [];
    const plain = (name: string, type: string, value: number): void => {
      lines.push(`# TYPE ${name} ${type}`, `${name} ${value}`);
    };
    plain("sluice_mesh_retries_total", "counter", this.retries);
    plain("sluice_mesh_upstream_connects_total", "counter", this.connects);
    plain("sluice_mesh_upstream_refused_total", "counter", this.refused);
    plain("sluice_mesh_bad_requests_total", "counter", this.badRequests);
    plain("sluice_mesh_tcp_connections_total", "counter", this.tcpConnections);
    for (const [name, value] of Object.entries(gauges)) plain(`sluice_mesh_${name}`, "gauge", value);
    lines.push("# TYPE sluice_mesh_requests_total counter", ...this.#lines(requestLines));
    lines.push("# TYPE sluice_mesh_request_duration_seconds histogram", ...this.#lines(durationLines));
    lines.push(
      "# TYPE sluice_mesh_received_bytes_total counter",
      ...this.#lines((l, s) => [`sluice_mesh_received_bytes_total{${l}} ${s.received}`]),
    );
    lines.push(
      "# TYPE sluice_mesh_sent_bytes_total counter",
      ...this.#lines((l, s) => [`sluice_mesh_sent_bytes_total{${l}} ${s.sent}`]),
    );
    return `${lines.join("\n")}\n`;
  }

  #lines(of: (labels: string, series: Series) => readonly string[]): readonly string[] {
    return [...this.#series].flatMap(([service, byBackend]) =>
      [...byBackend].flatMap(([backend, series]) => of(`service="${service}",backend="${backend}"`, series)),
    );
  }

  #seriesOf(service: string, backend: string): Series {
    let byBackend = this.#series.get(service);
    if (!byBackend) {
      byBackend = new Map();
      this.#series.set(service, byBackend);
    }
    let series = byBackend.get(backend);
    if (!series) {
      series = new Series();
      byBackend.set(backend, series);
    }
    return series;
  }
}

const requestLines = (labels: string, series: Series): readonly string[] =>
  [...series.classes].flatMap((count, hundreds) =>
    count === 0
      ? []
      : [`sluice_mesh_requests_total{${labels},code="${hundreds === 0 ? "aborted" : `${hundreds}xx`}"} ${count}`],
  );

function durationLines(labels: string, series: Series): readonly string[] {
  const name = "sluice_mesh_request_duration_seconds";
  let sum = 0;
  const buckets = [...series.buckets].map((count, i) => {
    sum += count;
    return `${name}_bucket{${labels},le="${BUCKETS[i] ?? "+Inf"}"} ${sum}`;
  });
  return [...buckets, `${name}_sum{${labels}} ${series.seconds}`, `${name}_count{${labels}} ${sum}`];
}
