import { expect, test } from "vitest";
import { Metrics } from "./metrics.ts";

test("counts by service, backend and class, with a histogram of durations", () => {
  const metrics = new Metrics();
  const base = { service: "a/web:80", backend: "a/web-v1:80", received: 10, sent: 100 };
  metrics.add({ ...base, status: 200, took: 2 });
  metrics.add({ ...base, status: 200, took: 20_000 });
  metrics.add({ ...base, status: 503, took: 2 });
  metrics.add({ ...base, status: 499, took: 2 });
  metrics.retries = 3;
  const text = metrics.text({ requests_in_flight: 2 });
  for (const line of [
    'sluice_mesh_requests_total{service="a/web:80",backend="a/web-v1:80",code="2xx"} 2',
    'sluice_mesh_requests_total{service="a/web:80",backend="a/web-v1:80",code="5xx"} 1',
    'sluice_mesh_requests_total{service="a/web:80",backend="a/web-v1:80",code="aborted"} 1',
    'sluice_mesh_request_duration_seconds_bucket{service="a/web:80",backend="a/web-v1:80",le="0.001"} 0',
    'sluice_mesh_request_duration_seconds_bucket{service="a/web:80",backend="a/web-v1:80",le="0.0025"} 3',
    'sluice_mesh_request_duration_seconds_bucket{service="a/web:80",backend="a/web-v1:80",le="+Inf"} 4',
    'sluice_mesh_request_duration_seconds_count{service="a/web:80",backend="a/web-v1:80"} 4',
    'sluice_mesh_sent_bytes_total{service="a/web:80",backend="a/web-v1:80"} 400',
    "sluice_mesh_retries_total 3",
    "sluice_mesh_requests_in_flight 2",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text.endsWith("\n")).toBe(true);
});
