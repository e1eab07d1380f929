import { expect, test } from "vitest";
import {
  at,
  EPOCH,
  type PodChange,
  pod,
  type ReplicaSetChange,
  replicaSet,
} from "../../../test/support/fixtures/workloads.ts";
import type { ReplicaSetStatus } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import { failedStatus, planReplicaSet } from "./replica-set-plan.ts";

const now = EPOCH + 60_000;

function plan(pods: readonly Pod[], set: ReplicaSetChange = {}) {
  return planReplicaSet({ replicaSet: replicaSet(set), pods, related: pods }, now);
}

/** Actions in short: `create 2`, `delete a`, `adopt b`, `release c`. */
function brief(pods: readonly Pod[], set: ReplicaSetChange = {}): readonly string[] {
  return plan(pods, set).actions.map((action) =>
    action.kind === "createPods" ? `create ${action.count}` : `${action.kind.slice(0, -3)} ${action.pod.name}`,
  );
}

const three = [pod("a"), pod("b"), pod("c")];
const orphan: PodChange = { owner: null, metadata: { labels: { app: "shop", "pod-template-hash": "a" } } };

test.each<[string, readonly Pod[], ReplicaSetChange, readonly string[]]>([
  ["does nothing when the number is right", three, {}, []],
  ["creates what is missing", [pod("a")], {}, ["create 2"]],
  ["deletes what is too much", three, { replicas: 1, available: 3 }, ["delete a", "delete b"]],
  ["replaces a pod that has failed", [...three.slice(1), pod("x", { status: { phase: "Failed" } })], {}, ["create 1"]],
  [
    "replaces a pod that is being deleted",
    [...three.slice(1), pod("x", { metadata: { deletionTimestamp: at(1) } })],
    {},
    ["create 1"],
  ],
  ["adopts an orphan", [pod("a"), pod("b"), pod("o", orphan)], {}, ["adopt o"]],
  ["adopts an orphan and creates the rest", [pod("o", orphan)], {}, ["adopt o", "create 2"]],
  ["leaves the pods of another set alone", [...three, pod("x", { owner: "shop-b" })], {}, []],
  [
    "releases a pod whose labels no longer match",
    [...three, pod("x", { metadata: { labels: { app: "free" } } })],
    {},
    ["release x"],
  ],
  ["creates at most 500 at once", [], { replicas: 600 }, ["create 500"]],
  [
    "neither creates nor adopts while it is being deleted",
    [pod("o", orphan)],
    { metadata: { deletionTimestamp: at(1) } },
    [],
  ],
])("%s", (_, pods, set, actions) => {
  expect(brief(pods, set)).toEqual(actions);
});

test("a new pod comes from the template, and belongs to the set", () => {
  expect(plan([]).actions).toMatchObject([
    {
      kind: "createPods",
      count: 3,
      object: {
        metadata: {
          generateName: "shop-a-",
          namespace: "default",
          labels: { app: "shop", "pod-template-hash": "a" },
          ownerReferences: [
            { kind: "ReplicaSet", name: "shop-a", uid: "uid-shop-a", controller: true, blockOwnerDeletion: true },
          ],
        },
        spec: { containers: [{ name: "main", image: "shop:1" }] },
      },
    },
  ]);
});

test.each<[string, readonly Pod[], ReplicaSetChange, ReplicaSetStatus]>([
  [
    "counts ready and available pods",
    three,
    {},
    {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    },
  ],
  [
    "leaves out what is 0, but not replicas and terminatingReplicas",
    [],
    { replicas: 0 },
    { replicas: 0, terminatingReplicas: 0, observedGeneration: 1 },
  ],
  [
    "counts a pod that is being deleted as terminating only",
    [pod("a"), pod("b", { metadata: { deletionTimestamp: at(1) } })],
    {},
    {
      replicas: 1,
      fullyLabeledReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 1,
    },
  ],
  [
    "counts a pod as available after minReadySeconds",
    [pod("a", { readyAt: 30 }), pod("b", { readyAt: 31 }), pod("c", { ready: false })],
    { spec: { minReadySeconds: 30 } },
    {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 0,
      observedGeneration: 1,
    },
  ],
  [
    "forgets a failure when it has passed",
    three,
    {
      status: {
        replicas: 3,
        conditions: [
          { type: "ReplicaFailure", status: "True" },
          { type: "Other", status: "True" },
        ],
      },
    },
    {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
      conditions: [{ type: "Other", status: "True" }],
    },
  ],
])("%s", (_, pods, set, status) => {
  expect(plan(pods, set).status).toEqual(status);
});

test("wakes when the next pod becomes available", () => {
  const pods = [pod("a", { readyAt: 40 }), pod("b", { readyAt: 35 }), pod("c", { readyAt: 10 })];
  expect(plan(pods, { spec: { minReadySeconds: 30 } }).wakeAt).toBe(EPOCH + 65_000);
  expect(plan(pods).wakeAt).toBeUndefined();
});

test("a failure is told once", () => {
  const set = replicaSet();
  const first = failedStatus(set, { replicas: 0 }, "FailedCreate", "quota", now);
  const condition = {
    type: "ReplicaFailure",
    status: "True",
    reason: "FailedCreate",
    message: "quota",
    lastTransitionTime: at(60),
  };
  expect(first.conditions).toEqual([condition]);
  const again = failedStatus({ ...set, status: first }, { replicas: 0 }, "FailedCreate", "other", now + 9000);
  expect(again.conditions).toEqual([condition]);
});
