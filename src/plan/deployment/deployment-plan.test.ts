import { expect, test } from "vitest";
import {
  at,
  type DeploymentChange,
  deployment,
  EPOCH,
  pod,
  replicaSet,
  template,
} from "../../../test/support/fixtures/workloads.ts";
import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import { templateHash } from "../pods/pod-template.ts";
import { creationFailure, type DeploymentView, planDeployment } from "./deployment-plan.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS, REVISION, REVISION_HISTORY } from "./revision.ts";

const now = EPOCH + 60_000;
const sized = { [DESIRED_REPLICAS]: "3", [MAX_REPLICAS]: "4" };
const first = (change: Parameters<typeof replicaSet>[0] = {}): ReplicaSet => {
  const { metadata, ...others } = change;
  return replicaSet({ metadata: { annotations: { ...sized, [REVISION]: "1" }, ...metadata }, ...others });
};
const second = (change: Parameters<typeof replicaSet>[0] = {}): ReplicaSet => {
  return replicaSet({
    name: "shop-b",
    image: "shop:2",
    ...change,
    metadata: { annotations: { ...sized, [REVISION]: "2" }, creationTimestamp: at(10), ...change.metadata },
  });
};
const toSecond = (spec: DeploymentChange["spec"] = {}): DeploymentChange => ({
  spec: { template: template("shop:2"), ...spec },
});
const unlimited = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };

function view(change: DeploymentChange, replicaSets: readonly ReplicaSet[], pods: readonly Pod[] = []): DeploymentView {
  return { deployment: deployment(change), replicaSets, pods, nodes: [] };
}

/** Actions in short: `create 1`, `shop-a 3→2`, `annotate shop-a`, `adopt shop-a`, `delete shop-a`; events are left out. */
function brief(view: DeploymentView): readonly string[] {
  return planDeployment(view, now).actions.flatMap((action) => {
    if (action.kind === "event" || action.kind === "updateDeployment") return [];
    if (action.kind === "createReplicaSet") return [`create ${action.object.spec.replicas}`];
    const { name } = action.replicaSet;
    if (action.kind !== "updateReplicaSet") return [`${action.kind.replace("ReplicaSet", "")} ${name}`];
    const before = view.replicaSets.find((set) => set.metadata.name === name)?.spec.replicas;
    if (action.replicas !== undefined) return [`${name} ${before}→${action.replicas}`];
    return [action.minReadySeconds === undefined ? `annotate ${name}` : `minReady ${name} ${action.minReadySeconds}`];
  });
}

const steps: readonly [string, DeploymentView, readonly string[]][] = [
  ["creates the first set in full size", view({}, []), ["create 3"]],
  ["rests when the rollout is complete", view({}, [first()]), []],
  ["creates the set of a new template as far as the surge allows", view(toSecond(), [first()]), ["create 1"]],
  [
    "creates it empty when there is no room",
    view(toSecond({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }), [first()]),
    ["create 0"],
  ],
  [
    "10 replicas, 25 %: three more at once",
    view(toSecond({ replicas: 10 }), [
      first({ replicas: 10, metadata: { annotations: { [DESIRED_REPLICAS]: "10" } } }),
    ]),
    ["create 3"],
  ],
  [
    "takes an old pod when a new one is available",
    view(toSecond(), [first(), second({ replicas: 1 })]),
    ["shop-a 3→2"],
  ],
  ["takes none before", view(toSecond({ strategy: unlimited }), [first(), second({ replicas: 1, available: 0 })]), []],
  ["goes up before it goes down", view(toSecond(), [first({ replicas: 2 }), second({ replicas: 1 })]), ["shop-b 1→2"]],
  [
    "takes unavailable old pods first, they cost nothing",
    view(toSecond({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }), [
      first({ available: 2 }),
      second({ replicas: 1, available: 0 }),
    ]),
    ["shop-a 3→2"],
  ],
  [
    "takes a broken old version away to make room",
    view({ spec: { template: template("shop:3"), strategy: unlimited } }, [
      first(),
      second({ replicas: 1, available: 0 }),
    ]),
    ["create 0"],
  ],
  [
    "and then takes its pods",
    view({ spec: { template: template("shop:3"), strategy: unlimited } }, [
      first(),
      second({ replicas: 1, available: 0 }),
      replicaSet({ name: "shop-c", image: "shop:3", replicas: 0, metadata: { annotations: { [REVISION]: "3" } } }),
    ]),
    ["shop-b 1→0"],
  ],
  [
    "does not count on a set that has not seen its last change",
    view(toSecond({ strategy: unlimited }), [first({ metadata: { generation: 2 } }), second({ replicas: 1 })]),
    [],
  ],
  [
    "does not fill the place of pods that are not gone yet",
    view(toSecond(), [
      first({ replicas: 2, status: { replicas: 3, observedGeneration: 1, availableReplicas: 2 } }),
      second({ replicas: 1, available: 0 }),
    ]),
    [],
  ],
  ["cuts a newest set that is too big", view({}, [first({ replicas: 5 })]), ["shop-a 5→3"]],
  [
    "keeps minReadySeconds of the newest set in step",
    view({ spec: { minReadySeconds: 5 } }, [first()]),
    ["minReady shop-a 5"],
  ],
  [
    "leaves minReadySeconds of the old sets alone",
    view(toSecond({ minReadySeconds: 5, strategy: unlimited }), [
      first(),
      second({ replicas: 1, available: 0, spec: { minReadySeconds: 5 } }),
    ]),
    [],
  ],
  ["adopts a set that matches", view({}, [first({ metadata: { ownerReferences: [] } })]), ["adopt shop-a"]],
  [
    "releases a set that no longer matches",
    view({}, [first(), second({ replicas: 0, metadata: { labels: { app: "x" } } })]),
    ["release shop-b"],
  ],
  ["does nothing while it is being deleted", view({ metadata: { deletionTimestamp: at(1) } }, []), []],
  ["does not create a set while paused", view(toSecond({ paused: true }), [first()]), []],
  [
    "leaves the noted surge as it is while paused",
    view(toSecond({ paused: true, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 0 } } }), [first()]),
    [],
  ],
  [
    "notes a size that the set has already",
    view({}, [first({ metadata: { annotations: { [DESIRED_REPLICAS]: "7", [REVISION]: "1" } } })]),
    ["annotate shop-a"],
  ],
  [
    "does not delete a set that it scales while paused",
    view(toSecond({ paused: true, revisionHistoryLimit: 0 }), [first({ replicas: 0 })]),
    ["shop-a 0→3"],
  ],
  ["but scales while paused", view(toSecond({ paused: true, replicas: 5 }), [first()]), ["shop-a 3→5"]],
  ["scales a single set directly", view({ spec: { replicas: 5 } }, [first()]), ["shop-a 3→5"]],
  ["scales to 0", view({ spec: { replicas: 0 } }, [first()]), ["shop-a 3→0"]],
  [
    "waits with scaling until a shrinking set has given up its pods",
    view({ spec: { replicas: 5 } }, [first({ status: { replicas: 4, observedGeneration: 1 } })]),
    [],
  ],
  [
    "shares a new size in proportion",
    view(toSecond({ replicas: 15, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }), [
      first({ replicas: 8, metadata: { annotations: { [DESIRED_REPLICAS]: "10", [MAX_REPLICAS]: "13" } } }),
      second({
        replicas: 5,
        available: 2,
        metadata: { annotations: { [DESIRED_REPLICAS]: "10", [MAX_REPLICAS]: "13", [REVISION]: "2" } },
      }),
    ]),
    ["shop-b 5→7", "shop-a 8→11"],
  ],
  [
    "ends the old sets when the newest one has everything",
    view(toSecond({ replicas: 3 }), [
      first({ replicas: 1, metadata: { annotations: { [DESIRED_REPLICAS]: "5" } } }),
      second(),
    ]),
    ["shop-a 1→0"],
  ],
];

test.each(steps)("%s", (_, view, actions) => {
  expect(brief(view)).toEqual(actions);
});

const recreate = (change: DeploymentChange["spec"] = {}): DeploymentChange =>
  toSecond({ strategy: { type: "Recreate" }, ...change });

test.each<[string, DeploymentView, readonly string[]]>([
  ["ends all old pods", view(recreate(), [first()]), ["shop-a 3→0"]],
  [
    "waits for the old set",
    view(recreate(), [first({ replicas: 0, status: { replicas: 3, observedGeneration: 1 } })]),
    [],
  ],
  [
    "waits for a pod that is still ending",
    view(recreate(), [first({ replicas: 0 })], [pod("x", { metadata: { deletionTimestamp: at(1) } })]),
    [],
  ],
  [
    "does not wait for a pod that has ended",
    view(recreate(), [first({ replicas: 0 })], [pod("x", { status: { phase: "Failed" } })]),
    ["create 3"],
  ],
  ["creates the new set in full size", view(recreate(), [first({ replicas: 0 })]), ["create 3"]],
  [
    "does not scale up while paused with old pods ending",
    view(recreate({ paused: true }), [first({ replicas: 0 }), second({ replicas: 0 })], [pod("x")]),
    [],
  ],
  [
    "scales down with old pods ending",
    view(recreate({ replicas: 2 }), [first({ replicas: 0 }), second()], [pod("x", { owner: "shop-a" })]),
    ["shop-b 3→2"],
  ],
  [
    "does not scale up before they have ended",
    view(recreate({ replicas: 5 }), [first({ replicas: 0 }), second()], [pod("x", { owner: "shop-a" })]),
    [],
  ],
  [
    "brings back an older set",
    view({ spec: { strategy: { type: "Recreate" } } }, [first({ replicas: 0 })]),
    ["shop-a 0→3"],
  ],
])("Recreate %s", (_, view, actions) => {
  expect(brief(view)).toEqual(actions);
});

test("a new set carries the hash in name, labels, selector and template, and belongs to the Deployment", () => {
  const hash = templateHash(template());
  const labels = { app: "shop", "pod-template-hash": hash };
  const metadata = {
    annotations: { team: "food", "kubectl.kubernetes.io/last-applied-configuration": "{}", [REVISION]: "7" },
  };
  const { actions } = planDeployment(view({ metadata }, [second({ replicas: 0 })]), now);
  expect(actions).toEqual([
    {
      kind: "createReplicaSet",
      object: {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: {
          name: `shop-${hash}`,
          namespace: "default",
          labels,
          annotations: { team: "food", [REVISION]: "3", ...sized },
          ownerReferences: [
            {
              apiVersion: "apps/v1",
              kind: "Deployment",
              name: "shop",
              uid: "uid-shop",
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        spec: { replicas: 3, selector: { matchLabels: labels }, template: { ...template(), metadata: { labels } } },
      },
      why: expect.any(String) as string,
    },
    {
      kind: "event",
      type: "Normal",
      reason: "ScalingReplicaSet",
      message: `Scaled up replica set shop-${hash} from 0 to 3`,
      why: expect.any(String) as string,
    },
  ]);
});

test("the name of a set is never too long", () => {
  const name = "a".repeat(253);
  const [action] = planDeployment(view({ metadata: { name } }, []), now).actions;
  expect(action).toMatchObject({ object: { metadata: { name: `${"a".repeat(245)}-${templateHash(template())}` } } });
});

test("scaling is told as an event", () => {
  const { actions } = planDeployment(view(toSecond(), [first(), second({ replicas: 1 })]), now);
  expect(actions.at(-1)).toMatchObject({
    reason: "ScalingReplicaSet",
    message: "Scaled down replica set shop-a from 3 to 2",
  });
});

test("a name that is taken makes the next pass draw another hash", () => {
  const taken = second({ name: `shop-${templateHash(template())}`, metadata: { ownerReferences: [], labels: {} } });
  const plan = planDeployment(view({}, [taken]), now);
  expect(plan).toEqual({ actions: [], status: { status: { collisionCount: 1 } } });
  const [action] = planDeployment(view({ status: { collisionCount: 1 } }, [taken]), now).actions;
  expect(action).toMatchObject({ object: { metadata: { name: `shop-${templateHash(template(), 1)}` } } });
});

test("a selector that selects everything is refused", () => {
  const plan = planDeployment(view({ metadata: { generation: 4 }, spec: { selector: {} } }, []), now);
  expect(plan.status).toEqual({ status: { observedGeneration: 4 } });
  expect(plan.actions).toMatchObject([
    {
      type: "Warning",
      reason: "SelectingAll",
      message: "This deployment is selecting all pods. A non-empty selector is required.",
    },
  ]);
});

test("coming back to an older template gives its set the next revision and keeps its old one as history", () => {
  const sets = [first({ replicas: 0 }), second()];
  const { actions, status } = planDeployment(
    view({ metadata: { annotations: { "kubernetes.io/change-cause": "back" } } }, sets),
    now,
  );
  expect(actions[0]).toMatchObject({
    kind: "updateReplicaSet",
    replicaSet: { name: "shop-a", uid: "uid-shop-a", resourceVersion: "1" },
    replicas: 1,
    annotations: { ...sized, [REVISION]: "3", [REVISION_HISTORY]: "1", "kubernetes.io/change-cause": "back" },
  });
  expect(status.revision).toBe("3");
});

test("the Deployment's revision follows its newest set", () => {
  const plan = (revision: string) =>
    planDeployment(view({ metadata: { annotations: { [REVISION]: revision } } }, [first()]), now);
  expect(plan("1").status.revision).toBeUndefined();
  expect(plan("9").status.revision).toBe("1");
});

const complete = { observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
const old = (name: string, revision: string, change: Parameters<typeof replicaSet>[0] = {}): ReplicaSet =>
  replicaSet({
    name,
    image: name,
    replicas: 0,
    ...change,
    metadata: { annotations: { [REVISION]: revision }, ...change.metadata },
  });

test.each<[string, DeploymentView, readonly string[]]>([
  [
    "keeps as many old sets as revisionHistoryLimit asks for, highest revisions first",
    view({ spec: { revisionHistoryLimit: 1 }, status: complete }, [
      first({ metadata: { annotations: { ...sized, [REVISION]: "12" } } }),
      old("shop-x", "9"),
      old("shop-y", "11"),
      old("shop-z", "10"),
    ]),
    ["delete shop-x", "delete shop-z"],
  ],
  [
    "keeps none with 0",
    view({ spec: { revisionHistoryLimit: 0 }, status: complete }, [
      first({ metadata: { annotations: { ...sized, [REVISION]: "12" } } }),
      old("shop-x", "9"),
    ]),
    ["delete shop-x"],
  ],
  [
    "does not delete a set that still has pods",
    view({ spec: { revisionHistoryLimit: 0 }, status: complete }, [
      first({ metadata: { annotations: { ...sized, [REVISION]: "12" } } }),
      old("shop-x", "9", { status: { replicas: 1, observedGeneration: 1 } }),
    ]),
    [],
  ],
  [
    "deletes nothing before the rollout is complete",
    view({ spec: { revisionHistoryLimit: 0 } }, [
      first({ metadata: { annotations: { ...sized, [REVISION]: "12" } } }),
      old("shop-x", "9"),
    ]),
    [],
  ],
  [
    "deletes while paused",
    view({ spec: { revisionHistoryLimit: 0, paused: true } }, [
      first({ metadata: { annotations: { ...sized, [REVISION]: "12" } } }),
      old("shop-x", "9"),
    ]),
    ["delete shop-x"],
  ],
])("%s", (_, view, actions) => {
  expect(brief(view)).toEqual(actions);
});

test("a set that cannot be created is told in the condition Progressing and in an event", () => {
  const failure = creationFailure(deployment(), "shop-a", "quota", now);
  expect(failure.message).toBe('Failed to create new replica set "shop-a": quota');
  expect(failure.status.conditions).toMatchObject([
    { type: "Progressing", status: "False", reason: "ReplicaSetCreateError", message: failure.message },
  ]);
  expect(
    creationFailure(deployment({ spec: { progressDeadlineSeconds: 2147483647 } }), "x", "quota", now).status,
  ).toEqual({});
});

test("a plan is plain data", () => {
  for (const [, view] of steps) {
    const plan = planDeployment(view, now);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  }
});
