import { expect, test } from "vitest";
import { at, containerStatus, EPOCH, type PodChange, pod } from "../../../test/support/fixtures/workloads.ts";
import { podsToDelete } from "./deletion-order.ts";

const HOUR = 3600;
const now = EPOCH + 10 * HOUR * 1000;
const cost = (value: string): PodChange => {
  return { metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": value } } };
};

const withInit = (restartPolicy?: "Always"): NonNullable<PodChange["spec"]> => {
  return { initContainers: [{ name: containerStatus().name, ...(restartPolicy && { restartPolicy }) }] };
};

/** [sentence, the one that goes, the one that stays] */
test.each<[string, PodChange, PodChange]>([
  ["an unassigned pod before an assigned one", { spec: { nodeName: "" } }, { ready: false }],
  ["a pending pod before a running one", { status: { phase: "Pending" } }, {}],
  ["a pod in an unknown state before a running one", { status: { phase: "Unknown" } }, {}],
  ["one that is not ready before a ready one, whatever the cost", { ready: false, ...cost("9") }, cost("1")],
  ["the cheaper one", cost("-1"), {}],
  ["one with an unreadable cost counts as 0", cost("much"), cost("1")],
  ["the one that became ready later", { readyAt: 9 * HOUR }, { readyAt: HOUR }],
  [
    "the one that was restarted more often",
    { status: { containerStatuses: [containerStatus({ restartCount: 2 })] } },
    { status: { containerStatuses: [containerStatus({ restartCount: 1 })] } },
  ],
  [
    "the one whose sidecar was restarted more often",
    { spec: withInit("Always"), status: { initContainerStatuses: [containerStatus({ restartCount: 1 })] } },
    { metadata: { uid: "earlier" } },
  ],
  [
    "the one with the lower uid, however often an init container was tried",
    { metadata: { uid: "a", creationTimestamp: at(1) } },
    {
      metadata: { uid: "b", creationTimestamp: at(2) },
      spec: withInit(),
      status: { initContainerStatuses: [containerStatus({ restartCount: 1 })] },
    },
  ],
  ["the younger one", { metadata: { creationTimestamp: at(9 * HOUR) } }, { metadata: { creationTimestamp: at(0) } }],
  [
    "of two about as old the one with the lower uid",
    { metadata: { uid: "a", creationTimestamp: at(1) } },
    { metadata: { uid: "b", creationTimestamp: at(2) } },
  ],
])("deletes %s", (_, goes, stays) => {
  const [a, b] = [pod("goes", goes), pod("stays", stays)];
  expect(podsToDelete([a, b], [a, b], 1, now)).toEqual([a]);
  expect(podsToDelete([b, a], [a, b], 1, now)).toEqual([a]);
});

test("deletes from the node with most pods of the owner", () => {
  const crowded = pod("crowded", { spec: { nodeName: "node-1" } });
  const alone = pod("alone", { spec: { nodeName: "node-2" } });
  const sibling = pod("sibling", { owner: "shop-b", spec: { nodeName: "node-1" } });
  expect(podsToDelete([alone, crowded], [alone, crowded, sibling], 1, now)).toEqual([crowded]);
});

test("does not look at nodes for a set that nothing controls", () => {
  const crowded = [pod("a", { metadata: { uid: "a" } }), pod("b", { metadata: { uid: "b" } })];
  const alone = pod("alone", { spec: { nodeName: "node-2" }, readyAt: 9 * HOUR });
  expect(podsToDelete([...crowded, alone], [], 1, now)).toEqual([alone]);
});

test("deletes all without asking for an order", () => {
  const all = [pod("a"), pod("b")];
  expect(podsToDelete(all, all, 5, now)).toEqual(all);
});
