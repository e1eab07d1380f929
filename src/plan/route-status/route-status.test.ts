import { expect, test } from "vitest";
import { service } from "../../../test/support/fixtures/services.ts";
import { at, EPOCH, meta } from "../../../test/support/fixtures/workloads.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { planRefusedPorts } from "./refused-ports-plan.ts";
import { planRouteStatus, type RouteStatus } from "./route-status-plan.ts";

const now = EPOCH + 60_000;
const parent = { group: "", kind: "Service", name: "shop" };

const route = (
  change: { readonly resourceVersion?: string; readonly generation?: number; readonly status?: RouteStatus } = {},
): HTTPRoute => {
  const { status, ...metadata } = change;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: meta("shop", { resourceVersion: "20", ...metadata }),
    spec: { parentRefs: [parent] },
    ...(status && { status }),
  };
};

const worker = (
  name: string,
  applied: string,
  change: Partial<NonNullable<MeshWorker["status"]>> = {},
): MeshWorker => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "MeshWorker",
  metadata: meta(name),
  status: { renewTime: at(59), leaseSeconds: 3, applied: { httproutes: applied }, ...change },
});

const accepted = { type: "Accepted", status: "True", reason: "Accepted", message: "Route is accepted" } as const;

function plan(of: HTTPRoute, workers: readonly MeshWorker[]) {
  const finding = {
    namespace: "default",
    name: "shop",
    generation: of.metadata.generation ?? 0,
    parent,
    conditions: [accepted],
  };
  return planRouteStatus({ route: of, findings: [finding], workers }, now);
}

const programmed = ({ parents }: RouteStatus): string => {
  const found = parents[0]?.conditions.find(({ type }) => type === "Programmed");
  return `${found?.status} ${found?.message}`;
};

test.each<[string, readonly MeshWorker[], string]>([
  ["every worker has it", [worker("a", "20"), worker("b", "21")], "True In force on all mesh workers"],
  ["one lags behind", [worker("a", "20"), worker("b", "19")], "False Not in force on all mesh workers yet"],
  [
    "one that is dead lags behind",
    [worker("a", "20"), worker("b", "19", { renewTime: at(56) })],
    "True In force on all mesh workers",
  ],
  ["nobody lives", [worker("a", "20", { renewTime: at(56) })], "False No mesh worker is running"],
  ["there are none", [], "False No mesh worker is running"],
])("programmed when %s", (_, workers, expected) => {
  expect(programmed(plan(route(), workers).status)).toBe(expected);
});

test("the status names parent, controller and generation", () => {
  const { status } = plan(route({ generation: 4 }), [worker("a", "20")]);
  expect(status.parents).toEqual([
    {
      parentRef: parent,
      controllerName: "sluice.dev/mesh",
      conditions: [
        { ...accepted, observedGeneration: 4, lastTransitionTime: at(60) },
        {
          type: "Programmed",
          status: "True",
          reason: "Programmed",
          message: "In force on all mesh workers",
          observedGeneration: 4,
          lastTransitionTime: at(60),
        },
      ],
    },
  ]);
});

test("once programmed it stays so, until the spec changes", () => {
  const { status } = plan(route(), [worker("a", "20")]);
  const written = route({ resourceVersion: "21", status });
  expect(plan(written, [worker("a", "20")]).status).toEqual(status);
  const changed = route({ resourceVersion: "22", generation: 2, status });
  expect(programmed(plan(changed, [worker("a", "20")]).status)).toBe("False Not in force on all mesh workers yet");
});

test("times move only with the status; other controllers' parents stay", () => {
  const other: RouteStatus["parents"][number] = {
    parentRef: { name: "gateway" },
    controllerName: "example.com/gateway",
    conditions: [],
  };
  const { status } = plan(route({ status: { parents: [other] } }), []);
  expect(status.parents[0]).toBe(other);
  const later = planRouteStatus(
    {
      route: route({ status }),
      findings: [{ namespace: "default", name: "shop", generation: 1, parent, conditions: [accepted] }],
      workers: [],
    },
    now + 9000,
  );
  expect(later.status).toEqual(status);
});

test("looks again when the lease of a worker that lags behind ends", () => {
  expect(plan(route(), [worker("a", "20"), worker("b", "19")]).wakeAt).toBe(EPOCH + 62_000);
  expect(plan(route(), [worker("a", "20")]).wakeAt).toBeUndefined();
});

const refusal = { namespace: "default", service: "shop", port: 80, reason: "EACCES", message: "only for root" };

test("a refused port is a condition and a warning, told once", () => {
  const workers = [worker("a", "1", { refused: [refusal] }), worker("b", "1", { refused: [refusal] })];
  const plan = planRefusedPorts({ service: service(), workers }, now);
  expect(plan.status).toEqual([
    {
      type: "PortRefused",
      status: "True",
      reason: "PermissionDenied",
      message: "port 80: only for root",
      lastTransitionTime: at(60),
      observedGeneration: 1,
    },
  ]);
  expect(plan.actions).toMatchObject([{ type: "Warning", reason: "PortRefused", message: "port 80: only for root" }]);
  const told = { ...service(), status: { conditions: plan.status } };
  expect(planRefusedPorts({ service: told, workers }, now + 1000)).toEqual({ actions: [], status: plan.status });
  expect(planRefusedPorts({ service: told, workers: [worker("a", "1")] }, now)).toEqual({ actions: [], status: [] });
});

test("another Service's port and a dead worker's word do not count", () => {
  const workers = [
    worker("a", "1", { refused: [{ ...refusal, service: "other" }] }),
    worker("b", "1", { refused: [refusal], renewTime: at(1) }),
  ];
  expect(planRefusedPorts({ service: service(), workers }, now)).toEqual({ actions: [], status: [] });
});
