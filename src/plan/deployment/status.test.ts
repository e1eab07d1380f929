import { expect, test } from "vitest";
import {
  at,
  type DeploymentChange,
  deployment,
  EPOCH,
  replicaSet,
  template,
} from "../../../test/support/fixtures/workloads.ts";
import type { DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { planDeployment } from "./deployment-plan.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS, REVISION } from "./revision.ts";

const now = EPOCH + 60_000;
const annotations = { [DESIRED_REPLICAS]: "3", [MAX_REPLICAS]: "4", [REVISION]: "1" };

function plan(change: DeploymentChange, sets: readonly ReplicaSet[]) {
  return planDeployment({ deployment: deployment(change), replicaSets: sets, pods: [], nodes: [] }, now);
}

const set = (change: Parameters<typeof replicaSet>[0] = {}): ReplicaSet =>
  replicaSet({ metadata: { annotations }, ...change });

const condition = (
  type: string,
  status: string,
  reason: string,
  seconds: number,
  message = "",
): DeploymentCondition => {
  return { type, status, reason, lastUpdateTime: at(seconds), lastTransitionTime: at(seconds), message };
};
const available = condition("Available", "True", "MinimumReplicasAvailable", 5, "Deployment has minimum availability.");
const unavailable = condition(
  "Available",
  "False",
  "MinimumReplicasUnavailable",
  5,
  "Deployment does not have minimum availability.",
);
const counts = { observedGeneration: 1, replicas: 3, updatedReplicas: 3, terminatingReplicas: 0 };
const allAvailable: DeploymentStatus = { ...counts, readyReplicas: 3, availableReplicas: 3 };

/** Conditions in short: `Available True MinimumReplicasAvailable`, with seconds since EPOCH of the update and the transition. */
function brief(status: DeploymentStatus): readonly string[] {
  const seconds = (time = ""): number => (Date.parse(time) - EPOCH) / 1000;
  return (status.conditions ?? []).map(
    ({ type, status, reason, lastUpdateTime, lastTransitionTime }) =>
      `${type} ${status} ${reason} ${seconds(lastUpdateTime)}/${seconds(lastTransitionTime)}`,
  );
}

const starting = condition("Progressing", "True", "NewReplicaSetCreated", 10);
const half = set({ available: 1 });
const none = set({ available: 0 });

test.each<[string, DeploymentChange, readonly ReplicaSet[], readonly string[]]>([
  [
    "begins with the creation of a set",
    {},
    [],
    ["Progressing True NewReplicaSetCreated 60/60", "Available False MinimumReplicasUnavailable 60/60"],
  ],
  [
    "finds a set that is of another size",
    { spec: { replicas: 5 } },
    [set({ available: 0 })],
    ["Progressing True FoundNewReplicaSet 60/60", "Available False MinimumReplicasUnavailable 60/60"],
  ],
  [
    "finds a set that is there already",
    {},
    [set({ replicas: 0 })],
    ["Progressing True FoundNewReplicaSet 60/60", "Available False MinimumReplicasUnavailable 60/60"],
  ],
  [
    "moves on with each step forward; the transition time stays",
    { status: { ...counts, conditions: [starting, unavailable] } },
    [half],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing True ReplicaSetUpdated 60/10"],
  ],
  [
    "stays when nothing has moved",
    {
      status: {
        ...counts,
        readyReplicas: 1,
        availableReplicas: 1,
        unavailableReplicas: 2,
        conditions: [unavailable, starting],
      },
    },
    [half],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing True NewReplicaSetCreated 10/10"],
  ],
  [
    "ends when everything is available",
    { status: { ...counts, conditions: [unavailable, starting] } },
    [set()],
    ["Available True MinimumReplicasAvailable 60/60", "Progressing True NewReplicaSetAvailable 60/10"],
  ],
  [
    "stays complete when pods fail later",
    {
      status: {
        ...allAvailable,
        conditions: [available, condition("Progressing", "True", "NewReplicaSetAvailable", 5)],
      },
    },
    [half],
    ["Progressing True NewReplicaSetAvailable 5/5", "Available False MinimumReplicasUnavailable 60/60"],
  ],
  [
    "misses its deadline",
    { spec: { progressDeadlineSeconds: 49 }, status: { ...counts, conditions: [unavailable, starting] } },
    [none],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing False ProgressDeadlineExceeded 60/60"],
  ],
  [
    "does not miss it to the second",
    { spec: { progressDeadlineSeconds: 50 }, status: { ...counts, conditions: [unavailable, starting] } },
    [none],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing True NewReplicaSetCreated 10/10"],
  ],
  [
    "recovers from a missed deadline",
    {
      status: {
        ...counts,
        conditions: [unavailable, condition("Progressing", "False", "ProgressDeadlineExceeded", 10)],
      },
    },
    [half],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing True ReplicaSetUpdated 60/60"],
  ],
  [
    "says nothing about progress without a deadline",
    { spec: { progressDeadlineSeconds: 2147483647 }, status: { ...counts, conditions: [starting, unavailable] } },
    [half],
    ["Available False MinimumReplicasUnavailable 5/5"],
  ],
  [
    "is unknown while paused",
    { spec: { paused: true }, status: { ...counts, conditions: [available, starting] } },
    [set()],
    ["Available True MinimumReplicasAvailable 5/5", "Progressing Unknown DeploymentPaused 60/60"],
  ],
  [
    "and after it was resumed",
    {
      status: {
        ...allAvailable,
        availableReplicas: 1,
        readyReplicas: 1,
        unavailableReplicas: 2,
        conditions: [unavailable, condition("Progressing", "Unknown", "DeploymentPaused", 10)],
      },
    },
    [half],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing Unknown DeploymentResumed 60/10"],
  ],
  [
    "keeps a missed deadline while paused",
    {
      spec: { paused: true },
      status: {
        ...counts,
        conditions: [unavailable, condition("Progressing", "False", "ProgressDeadlineExceeded", 10)],
      },
    },
    [none],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing False ProgressDeadlineExceeded 10/10"],
  ],
  [
    "takes over the failure of a set",
    { status: { ...counts, conditions: [unavailable, starting] } },
    [
      set({
        status: {
          replicas: 0,
          observedGeneration: 1,
          conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", lastTransitionTime: at(30) }],
        },
      }),
    ],
    [
      "Available False MinimumReplicasUnavailable 5/5",
      "Progressing True NewReplicaSetCreated 10/10",
      "ReplicaFailure True FailedCreate 30/30",
      "Stuck True PodsRefused 60/60",
    ],
  ],
  [
    "and drops it when it has gone",
    {
      status: {
        ...counts,
        conditions: [unavailable, starting, condition("ReplicaFailure", "True", "FailedCreate", 30)],
      },
    },
    [none],
    ["Available False MinimumReplicasUnavailable 5/5", "Progressing True NewReplicaSetCreated 10/10"],
  ],
])("the progress of a rollout %s", (_, change, sets, conditions) => {
  expect(brief(plan(change, sets).status.status)).toEqual(conditions);
});

test("texts are those of Kubernetes", () => {
  const messages = (change: DeploymentChange, sets: readonly ReplicaSet[]): readonly (string | undefined)[] =>
    (plan(change, sets).status.status.conditions ?? []).map(({ message }) => message);
  expect(messages({ status: { ...counts, conditions: [starting] } }, [half])).toEqual([
    "Deployment does not have minimum availability.",
    'ReplicaSet "shop-a" is progressing.',
  ]);
  expect(messages({ status: { ...counts, conditions: [starting] } }, [set()])).toEqual([
    "Deployment has minimum availability.",
    'ReplicaSet "shop-a" has successfully progressed.',
  ]);
  const late = { spec: { progressDeadlineSeconds: 1 }, status: { ...counts, conditions: [unavailable, starting] } };
  expect(messages(late, [none])).toEqual([unavailable.message, 'ReplicaSet "shop-a" has timed out progressing.']);
  expect(messages({ spec: { paused: true } }, [])).toEqual([
    "Deployment is paused",
    "Deployment does not have minimum availability.",
  ]);
});

test("counts what the sets say, and leaves out what is 0", () => {
  const sets = [
    replicaSet({
      replicas: 2,
      status: { replicas: 2, readyReplicas: 2, availableReplicas: 2, terminatingReplicas: 1, observedGeneration: 1 },
      metadata: { annotations },
    }),
    replicaSet({
      name: "shop-b",
      image: "shop:2",
      replicas: 2,
      available: 1,
      metadata: { annotations: { ...annotations, [REVISION]: "2" } },
    }),
  ];
  const { conditions: _, ...status } = plan({ spec: { template: template("shop:2") } }, sets).status.status;
  expect(status).toEqual({
    observedGeneration: 1,
    replicas: 4,
    updatedReplicas: 2,
    readyReplicas: 3,
    availableReplicas: 3,
    unavailableReplicas: 1,
    terminatingReplicas: 1,
  });
  const { conditions: _none, ...empty } = plan({ spec: { replicas: 0 } }, [set({ replicas: 0 })]).status.status;
  expect(empty).toEqual({ observedGeneration: 1, terminatingReplicas: 0 });
});

test("does not know of terminating pods when a set does not say", () => {
  const silent = set({ status: { replicas: 3, observedGeneration: 1 } });
  expect(plan({}, [silent]).status.status.terminatingReplicas).toBeUndefined();
});

test("wakes a second after the deadline", () => {
  const status = { ...counts, conditions: [unavailable, starting] };
  expect(plan({ status }, [none]).wakeAt).toBe(EPOCH + 611_000);
  expect(plan({ status: { ...allAvailable, conditions: [available, starting] } }, [set()]).wakeAt).toBeUndefined();
  expect(plan({ spec: { progressDeadlineSeconds: 2147483647 }, status }, [none]).wakeAt).toBeUndefined();
});

test("a paused Deployment has no deadline to wait for", () => {
  const conditions = [unavailable, condition("Progressing", "Unknown", "DeploymentPaused", 10)];
  const change = { spec: { paused: true, progressDeadlineSeconds: 5 }, status: { ...counts, conditions } };
  expect(plan(change, [none]).wakeAt).toBeUndefined();
});
