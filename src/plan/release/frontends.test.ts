import { describe, expect, test } from "vitest";
import { deployment, meta } from "../../../test/support/workload.ts";
import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { Service } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import { findFrontends, type FrontendView } from "./frontends.ts";

type Ports = NonNullable<Service["spec"]["ports"]>;

function service(
  name: string,
  ports: Ports,
  spec: Partial<Service["spec"]> = {},
  labels: Record<string, string> = {},
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta(name, { labels }),
    spec: { type: "ClusterIP", clusterIP: "127.64.0.2", selector: { app: "shop" }, ports, ...spec },
  };
}

function route(name: string, parent: string, rules: NonNullable<HTTPRoute["spec"]["rules"]>, port?: number): HTTPRoute {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: meta(name),
    spec: { parentRefs: [{ group: "", kind: "Service", name: parent, ...(port && { port }) }], rules },
  };
}

const http = (port: number, targetPort: number | string = 8080): Ports[number] => ({
  port,
  targetPort,
  protocol: "TCP",
});
const base: FrontendView = {
  deployment: deployment("v1"),
  deployments: [deployment("v1")],
  services: [service("shop", [http(80)])],
  routes: [],
};

describe("frontends", () => {
  test("each port of each Service that selects the pods, with a route of ours", () => {
    const { frontends, obstacles } = findFrontends({
      ...base,
      services: [
        service("shop", [http(80), http(81, "admin")]),
        service("cart", [http(80)], { selector: { app: "cart" } }),
      ],
    });
    expect(obstacles).toEqual([]);
    expect(frontends).toEqual([
      { service: "shop", port: 80, backendPort: 80, targetPort: 8080, route: { name: "shop-80-release", own: true } },
      {
        service: "shop",
        port: 81,
        backendPort: 81,
        targetPort: "admin",
        route: { name: "shop-81-release", own: true },
      },
    ]);
  });

  test("two Services that lead the same number to different ports of the pods", () => {
    const { frontends } = findFrontends({
      ...base,
      services: [service("a", [http(80, 8080)]), service("b", [http(80, 9090)])],
    });
    expect(frontends.map(({ service: name, backendPort, targetPort }) => [name, backendPort, targetPort])).toEqual([
      ["a", 80, 8080],
      ["b", 81, 9090],
    ]);
  });

  test("the user's route is used when it has a rule named release", () => {
    const rules = [{ name: "release", backendRefs: [{ name: "shop", port: 80 }] }];
    const holder = (port?: number): string | undefined =>
      findFrontends({ ...base, routes: [route("mine", "shop", rules, port)] }).frontends[0]?.route.name;
    expect([holder(), holder(80), holder(81)]).toEqual(["mine", "mine", "shop-80-release"]);
    expect(findFrontends({ ...base, routes: [route("mine", "shop", rules)] }).obstacles).toEqual([]);
  });

  const other: Deployment = { ...deployment("v1"), metadata: meta("shop-batch", { uid: "other" }) };
  const obstacles: readonly [string, Partial<FrontendView>, string][] = [
    ["no Service selects the pods", { services: [] }, "NoService"],
    [
      "the strategy is Recreate",
      { deployment: deployment("v1", { strategy: { type: "Recreate" } }) },
      "RecreateStrategy",
    ],
    ["the name is too long", { deployment: { ...deployment("v1"), metadata: meta("x".repeat(60)) } }, "NameTooLong"],
    ["a Service is headless", { services: [service("shop", [http(80)], { clusterIP: "None" })] }, "HeadlessService"],
    ["a Service selects pods of another Deployment too", { deployments: [deployment("v1"), other] }, "SharedService"],
    ["a port is UDP", { services: [service("shop", [http(80), { port: 53, protocol: "UDP" }])] }, "NotHTTP"],
    [
      "a port says that it is no HTTP/1",
      { services: [service("shop", [{ ...http(80), appProtocol: "kubernetes.io/h2c" }])] },
      "NotHTTP",
    ],
    [
      "a rule of the user sends to the Service itself",
      { routes: [route("mine", "shop", [{ name: "api", backendRefs: [{ name: "shop", port: 80 }] }])] },
      "RouteBypassesGate",
    ],
    ["somebody else has a route of that name", { routes: [route("shop-80-release", "cart", [])] }, "NameTaken"],
    [
      "somebody else has a Service of that name",
      { services: [service("shop", [http(80)]), service("shop-stable", [http(80)], { selector: { app: "other" } })] },
      "NameTaken",
    ],
  ];
  test.each(obstacles)("cannot be gated when %s", (_, change, reason) => {
    expect(findFrontends({ ...base, ...change }).obstacles.map((each) => each.reason)).toContain(reason);
  });

  test("our own Services are no frontends", () => {
    const own = service(
      "shop-stable",
      [http(80)],
      {},
      { "sluice.dev/policy": "shop", "sluice.dev/deployment": "shop" },
    );
    expect(findFrontends({ ...base, services: [...base.services, own] }).frontends).toHaveLength(1);
    expect(findFrontends({ ...base, services: [...base.services, own] }).obstacles).toEqual([]);
  });
});
