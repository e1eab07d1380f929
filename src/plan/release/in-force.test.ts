import { describe, expect, test } from "vitest";
import { meta } from "../../../test/support/workload.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { routesInForce } from "./in-force.ts";

const NOW = Date.parse("2026-01-01T00:01:00Z");
const mesh = { acknowledges: true, trips: true };
const other = { acknowledges: false, trips: false };

function worker(applied: string, renewTime = "2026-01-01T00:00:59Z"): MeshWorker {
  const status = { epoch: "e", renewTime, leaseSeconds: 3, applied: { httproutes: applied } };
  return { apiVersion: "sluice.dev/v1alpha1", kind: "MeshWorker", metadata: meta("mesh-1"), status };
}

function route(generation: number, said?: { type: string; status: "True" | "False"; generation: number }): HTTPRoute {
  const conditions = said
    ? [
        {
          type: said.type,
          status: said.status,
          observedGeneration: said.generation,
          reason: "",
          message: "",
          lastTransitionTime: "",
        },
      ]
    : [];
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: meta("r", { generation, resourceVersion: "20" }),
    spec: {},
    ...(said && { status: { parents: [{ parentRef: { name: "shop" }, controllerName: "c", conditions }] } }),
  };
}

describe("a route is in force", () => {
  const cases: readonly [string, readonly MeshWorker[], HTTPRoute, boolean][] = [
    ["when every live worker has its version", [worker("20"), worker("21")], route(1), true],
    ["not while one has an older one", [worker("20"), worker("19")], route(1), false],
    ["whatever a worker has whose lease is over", [worker("20"), worker("1", "2026-01-01T00:00:50Z")], route(1), true],
    ["not as far as anybody knows without workers", [], route(1), false],
    [
      "when its status says so of this generation, whatever the version",
      [worker("19")],
      route(2, { type: "Programmed", status: "True", generation: 2 }),
      true,
    ],
    [
      "not when its status speaks of an older generation",
      [worker("19")],
      route(2, { type: "Programmed", status: "True", generation: 1 }),
      false,
    ],
    [
      "not when its status denies it",
      [worker("19")],
      route(2, { type: "Programmed", status: "False", generation: 2 }),
      false,
    ],
  ];
  test.each(cases)("%s", (_, workers, object, expected) => {
    expect(routesInForce({ workers, capabilities: mesh }, [object], NOW)).toBe(expected);
  });

  test("for another mesh when it has accepted this generation", () => {
    const accepted = route(2, { type: "Accepted", status: "True", generation: 2 });
    expect(routesInForce({ workers: [], capabilities: other }, [accepted], NOW)).toBe(true);
    expect(routesInForce({ workers: [], capabilities: other }, [route(2)], NOW)).toBe(false);
  });
});
