import { expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import type { Node, Taint } from "../../api/generated/core-v1.ts";
import { nodeTaint } from "./node-taint.ts";

const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
const own: Taint = { key: "a", effect: "NoExecute" };

test.each<[sentence: string, taints: readonly Taint[], expected: readonly Taint[]]>([
  ["a new node takes no pods yet", [], [NOT_READY]],
  ["its own taints stay in front", [own], [own, NOT_READY]],
  ["one that says so itself says it once", [NOT_READY, own], [NOT_READY, own]],
  [
    "another effect is another taint",
    [{ ...NOT_READY, effect: "NoExecute" }],
    [{ ...NOT_READY, effect: "NoExecute" }, NOT_READY],
  ],
])("%s", (_, taints, expected) => {
  const node = objectOf("v1", "Node", "n", { spec: { taints } });
  expect((admitted(nodeTaint, node) as Node).spec.taints).toEqual(expected);
});

test("a node that changes keeps what it has", () => {
  const node = objectOf("v1", "Node", "n", { spec: {} });
  expect(admitted(nodeTaint, node, { old: node })).toBe(node);
});
