import { expect, test } from "vitest";
import { at, EPOCH } from "../../../test/support/fixtures/workloads.ts";
import { nodeConditions } from "./node-conditions.ts";

const brief = (health: Parameters<typeof nodeConditions>[0]) =>
  nodeConditions(health, [], EPOCH).map(({ type, status }) => `${type}=${status}`);

test("a healthy node", () => {
  expect(brief({ freeBytes: 1e12 })).toEqual([
    "MemoryPressure=False",
    "DiskPressure=False",
    "PIDPressure=False",
    "Ready=True",
  ]);
});

test("a full disk and missing namespaces show", () => {
  expect(brief({ freeBytes: 1, withoutNamespaces: "no" })).toContain("DiskPressure=True");
  expect(nodeConditions({ freeBytes: 1, withoutNamespaces: "no" }, [], EPOCH)).toContainEqual(
    expect.objectContaining({
      type: "NamespacesUnavailable",
      message: "pods share the machine's root and process table: no",
    }),
  );
});

test("a condition keeps its time while it says the same, and always has a heartbeat", () => {
  const first = nodeConditions({ freeBytes: 1e12 }, [], EPOCH);
  const second = nodeConditions({ freeBytes: 1 }, first, EPOCH + 5000);
  expect(
    second.map(({ type, lastTransitionTime, lastHeartbeatTime }) => [type, lastTransitionTime, lastHeartbeatTime]),
  ).toEqual([
    ["MemoryPressure", at(0), at(5)],
    ["DiskPressure", at(5), at(5)],
    ["PIDPressure", at(0), at(5)],
    ["Ready", at(0), at(5)],
  ]);
});
