import { expect, test } from "vitest";
import { FRONT, ReleaseWorld } from "../../../test/support/release-world.ts";
import type { Service } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import { type Findings, NO_FINDINGS } from "./findings.ts";

/** What somebody does to the Service or its routes in the middle of a release. */

const good: Findings = {
  ...NO_FINDINGS,
  rate: 100,
  measured: 3000,
  new: { requests: 3000, failures: 0, retried: 0, users: 800, usersHit: 0 },
  advice: { ...NO_FINDINGS.advice, first: 0.02, next: 0.5, cap: 0.5, affordable: true, ruledOut: true, excess: 0.001 },
};

/** v2 has 2 % of the users, and will stay there for that time. */
function releasing(time = "1h"): ReleaseWorld {
  const w = new ReleaseWorld({ policy: { steps: [{ weight: 2, for: time }, { weight: 50 }] } });
  w.findings = good;
  w.apply("v2");
  w.settle();
  expect(w.release.status?.weightText).toBe("2 %");
  return w;
}

const message = (w: ReleaseWorld): string | undefined => w.release.status?.message;
const routes = (w: ReleaseWorld): string[] => w.all<HTTPRoute>("httproutes").map(({ metadata }) => metadata.name);

test("a Service that is deleted stops the release, which can be aborted", () => {
  const w = releasing();
  const service = w.get<Service>("services", FRONT)!;
  w.changeService(undefined);
  w.settle();
  expect(message(w)).toBe(
    "at 2 %: 3,000 requests seen, nothing wrong; the weight stays: no Service selects the pods of Deployment shop, so there are no users to keep off",
  );
  w.order("abort");
  w.settle();
  expect([w.phase, w.image]).toEqual(["Reverted", "v1"]);
  w.restoreService(service);
  w.settle();
  expect([...w.served()]).toEqual(["shop:v1"]);
  expect(w.policy?.status?.conditions?.[0]).toMatchObject({ status: "True" });
});

test("a Service that comes back finds nobody on dark pods", () => {
  const w = releasing();
  const service = w.get<Service>("services", FRONT)!;
  w.changeService(undefined);
  w.settle();
  w.findings = { ...good, evidence: { ...good.evidence, value: 200, odds: "1:200", reached: true } };
  w.releaseController();
  w.restoreService(service);
  w.syncAll();
  expect([...w.served()]).toEqual(["shop:v1"]);
});

test("a Service that gets another port takes its users along, and its old route goes at the end", () => {
  const w = releasing();
  w.changeService((service) => ({ ...service, spec: { ...service.spec, ports: [{ port: 81, targetPort: 8080 }] } }));
  w.settle();
  expect(routes(w)).toEqual(["shop-80-release", "shop-81-release"]);
  expect(message(w)).toMatch(/^at 2 %: /);
  w.order("abort");
  w.settle();
  expect(w.phase).toBe("Reverted");
  expect(routes(w)).toEqual(["shop-81-release"]);
  expect([...w.served()]).toEqual(["shop:v1"]);
});

test("a Service that gets its old port back is served there at once", () => {
  const w = releasing();
  const withPort = (port: number) => (service: Service) => ({
    ...service,
    spec: { ...service.spec, ports: [{ port, targetPort: 8080 }] },
  });
  w.changeService(withPort(81));
  w.settle();
  w.changeService(withPort(80));
  w.syncAll();
  expect([...w.served()].sort()).toEqual(["shop:v1", "shop:v2"]);
  w.order("abort");
  w.settle();
  const stable = w.get<Service>("services", "shop-stable");
  expect(stable?.spec.ports?.map(({ port }) => port)).toEqual([80]);
});

test("a Service that selects the old version alone gets no user on the new one", () => {
  const w = new ReleaseWorld({ policy: { soak: "0s", bake: "0s" } });
  w.findings = good;
  const version = (label: string) => (service: Service) => ({
    ...service,
    spec: { ...service.spec, selector: { app: "shop", track: label } },
  });
  w.write((d) => ({ ...d, spec: { ...d.spec, template: labelled(d.spec.template, "a") } }));
  w.pass(30_000);
  expect(w.phase).toBe("Succeeded");
  w.changeService(version("a"));
  w.settle();
  w.write((d) => ({ ...d, spec: { ...d.spec, template: labelled(d.spec.template, "b") } }));
  w.settle();
  expect(message(w)).toBe(
    "tests passed, no user yet: no Service selects the pods of Deployment shop, so there are no users to keep off",
  );
  w.changeService(version("b"));
  w.settle();
  expect(w.release.status?.weightText).toBe("2 %");
});

test("a route that goes around the rule stops the weight", () => {
  const w = releasing("5s");
  w.addRoute("around", {
    parentRefs: [{ group: "", kind: "Service", name: FRONT, port: 80 }],
    rules: [{ matches: [{ path: { type: "PathPrefix", value: "/api" } }], backendRefs: [{ name: FRONT, port: 80 }] }],
  });
  w.pass(20_000);
  expect(w.release.status?.weightText).toBe("2 %");
  expect(message(w)).toContain("the weight stays: a rule of HTTPRoute around sends to the Service itself");
});

type Template = ReleaseWorld["deployment"]["spec"]["template"];

function labelled(template: Template, track: string): Template {
  return { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, track } } };
}
