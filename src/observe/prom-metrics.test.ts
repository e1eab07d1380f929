import { expect, it } from "vitest";
import { PromMetrics } from "./prom-metrics.ts";

it("PromMetrics tells everything in the Prometheus text format", async () => {
  const metrics = new PromMetrics();
  const writes = metrics.counter("sluice_writes_total", "Writes.", ["resource"]);
  writes.add({ resource: "pods" });
  writes.add({ resource: "pods" }, 2);
  const watchers = metrics.gauge("sluice_watchers", "Watchers.", ["resource"]);
  watchers.set({ resource: "pods" }, 5);
  watchers.set({ resource: "gone" }, 1);
  watchers.remove({ resource: "gone" });
  metrics.histogram("sluice_commit_seconds", "Commits.", [], [0.1, 1]).record({}, 0.5);
  let revision = 1;
  metrics.observe("sluice_revision", "Newest revision.", () => revision);
  revision = 7;
  expect(await metrics.text()).toBe(`# HELP sluice_writes_total Writes.
# TYPE sluice_writes_total counter
sluice_writes_total{resource="pods"} 3

# HELP sluice_watchers Watchers.
# TYPE sluice_watchers gauge
sluice_watchers{resource="pods"} 5

# HELP sluice_commit_seconds Commits.
# TYPE sluice_commit_seconds histogram
sluice_commit_seconds_bucket{le="0.1"} 0
sluice_commit_seconds_bucket{le="1"} 1
sluice_commit_seconds_bucket{le="+Inf"} 1
sluice_commit_seconds_sum 0.5
sluice_commit_seconds_count 1

# HELP sluice_revision Newest revision.
# TYPE sluice_revision gauge
sluice_revision 7
`);
});

it("PromMetrics gives the same metric to all who ask for its name, and keeps registries apart", async () => {
  const [one, two] = [new PromMetrics(), new PromMetrics()];
  for (const metrics of [one, one, two]) metrics.counter("a_total", "A.").add({});
  expect(await one.text()).toContain("a_total 2");
  expect(await two.text()).toContain("a_total 1");
});
