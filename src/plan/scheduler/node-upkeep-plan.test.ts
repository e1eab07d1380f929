import { expect, test } from "vitest";
import { type NodeChange, node } from "../../../test/support/fixtures/nodes.ts";
import { at, EPOCH } from "../../../test/support/fixtures/workloads.ts";
import type { Node } from "../../api/generated/core-v1.ts";
import { planNodeUpkeep } from "./node-upkeep-plan.ts";

const now = EPOCH + 60_000;
const kept = (change: NodeChange = {}): Node => {
  const made = node("node-0", change);
  return { ...made, metadata: { ...made.metadata, annotations: { "node.alpha.kubernetes.io/ttl": "0" } } };
};
const conditions = (...pairs: readonly (readonly [string, string])[]): NodeChange => {
  return { status: { conditions: pairs.map(([type, status]) => ({ type, status })) } };
};
const taint = (name: string) => ({
  key: `node.kubernetes.io/${name}`,
  effect: "NoSchedule" as const,
  timeAdded: at(60),
});
const own = { key: "team", value: "food", effect: "NoSchedule" as const };

test.each<[string, NodeChange, ReturnType<typeof planNodeUpkeep>]>([
  ["a ready node", {}, undefined],
  ["a cordoned node", { spec: { unschedulable: true } }, { taints: [taint("unschedulable")] }],
  ["one that is open again", { spec: { taints: [own, taint("unschedulable")] } }, { taints: [own] }],
  ["one that is not ready", conditions(["Ready", "False"]), { taints: [taint("not-ready")] }],
  ["one that has not said anything yet", conditions(), { taints: [taint("not-ready")] }],
  ["one of which nothing is known", conditions(["Ready", "Unknown"]), { taints: [taint("unreachable")] }],
  [
    "one whose disk is full",
    conditions(["Ready", "True"], ["DiskPressure", "True"]),
    { taints: [taint("disk-pressure")] },
  ],
  ["one that has its taint already", { spec: { unschedulable: true, taints: [taint("unschedulable")] } }, undefined],
  [
    "one that somebody evicts pods from",
    { spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] } },
    undefined,
  ],
  [
    "labels by their older names",
    { labels: { "kubernetes.io/os": "linux" } },
    { labels: { "beta.kubernetes.io/os": "linux" } },
  ],
])("%s", (_, change, upkeep) => {
  expect(planNodeUpkeep(kept(change), now)).toEqual(upkeep);
});

test("a new node gets the annotation of Kubernetes", () => {
  expect(planNodeUpkeep(node(), now)).toEqual({ annotations: { "node.alpha.kubernetes.io/ttl": "0" } });
});
