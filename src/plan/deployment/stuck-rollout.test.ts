import { expect, test } from "vitest";
import {
  at,
  containerStatus,
  type DeploymentChange,
  deployment,
  EPOCH,
  pod,
  replicaSet,
  template,
} from "../../../test/support/fixtures/workloads.ts";
import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { planDeployment } from "./deployment-plan.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS, REVISION } from "./revision.ts";

const now = EPOCH + 60_000;
const annotated = (revision: string) => ({
  annotations: { [DESIRED_REPLICAS]: "3", [MAX_REPLICAS]: "4", [REVISION]: revision },
});
const old = replicaSet({ metadata: annotated("1") });
const broken = replicaSet({ name: "shop-b", image: "shop:2", replicas: 1, available: 0, metadata: annotated("2") });
const failing = pod("x", {
  owner: "shop-b",
  ready: false,
  status: { containerStatuses: [containerStatus({ state: { waiting: { reason: "ErrImagePull" } } })] },
});

function stuck(change: DeploymentChange, replicaSets: readonly ReplicaSet[]) {
  const plan = planDeployment({ deployment: deployment(change), replicaSets, pods: [failing], nodes: [] }, now);
  return {
    condition: plan.status.status.conditions?.find(({ type }) => type === "Stuck"),
    events: plan.actions.filter((action) => action.kind === "event" && action.reason === "Stuck").length,
  };
}

const second = {
  spec: { template: template("shop:2"), strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
};
type Condition = NonNullable<NonNullable<Deployment["status"]>["conditions"]>[number];
const condition = (type: string, status: string, reason: string, message = ""): Condition => ({
  type,
  status,
  reason,
  message,
  lastUpdateTime: at(1),
  lastTransitionTime: at(1),
});

test("a rollout whose new pods cannot start is stuck at once", () => {
  const { condition, events } = stuck(second, [old, broken]);
  expect(condition).toMatchObject({ status: "True", reason: "ImageNotFound" });
  expect(condition?.message).toContain("kubectl rollout undo deployment/shop -n default");
  expect(events).toBe(1);
});

test("Kubernetes' own conditions stay as they are", () => {
  const plan = planDeployment(
    { deployment: deployment(second), replicaSets: [old, broken], pods: [failing], nodes: [] },
    now,
  );
  expect(plan.status.status.conditions?.map(({ type }) => type)).toEqual(["Available", "Progressing", "Stuck"]);
});

test("going back to the old version heals it", () => {
  const conditions = [
    condition("Progressing", "True", "ReplicaSetUpdated"),
    condition("Stuck", "True", "ImageNotFound", "Image"),
  ];
  expect(stuck({ status: { conditions } }, [old, broken]).condition).toBeUndefined();
});

const finished = (now: number): Condition => ({
  ...condition("Progressing", "True", "NewReplicaSetAvailable"),
  lastUpdateTime: formatTimestamp(now),
});
const without = (set: ReplicaSet): ReplicaSet => ({
  ...set,
  spec: { ...set.spec, replicas: 0 },
  status: { replicas: 0, observedGeneration: 1 },
});
const atItsEnd = (...conditions: readonly Condition[]) => ({
  ...second,
  status: { conditions, replicas: 1, updatedReplicas: 1 },
});

test("a rollout that has finished long ago is not stuck, whatever becomes of its pods", () => {
  expect(stuck(atItsEnd(finished(now - 60_000)), [without(old), broken]).condition).toBeUndefined();
});

test("one that has just finished, because its pods have no readiness probe, may be", () => {
  expect(stuck(atItsEnd(finished(now - 59_000)), [without(old), broken]).condition).toBeDefined();
});

test("and stays so until it is healed", () => {
  const known = condition("Stuck", "True", "ImageNotFound", "Image");
  expect(stuck(atItsEnd(finished(now - 600_000), known), [without(old), broken]).condition).toBeDefined();
});

test("a crashing pod that is ready between two crashes does not heal it before it has run for ten seconds", () => {
  const running = (startedAt: number) =>
    pod("x", {
      owner: "shop-b",
      status: {
        containerStatuses: [
          containerStatus({
            ready: true,
            restartCount: 2,
            state: { running: { startedAt: formatTimestamp(startedAt) } },
            lastState: { terminated: { exitCode: 1 } },
          }),
        ],
      },
    });
  const look = (startedAt: number) => {
    const known = condition("Stuck", "True", "CrashLoop", "Container main keeps exiting with code 1.");
    const changed = deployment(atItsEnd(finished(now - 600_000), known));
    const pods = [running(startedAt)];
    return planDeployment({ deployment: changed, replicaSets: [without(old), broken], pods, nodes: [] }, now);
  };
  const { status, wakeAt } = look(now - 2000);
  expect(status.status.conditions).toContainEqual(expect.objectContaining({ type: "Stuck", reason: "CrashLoop" }));
  expect(wakeAt).toBe(now + 8000);
  const later = look(now - 10_000);
  expect(later.status.status.conditions?.map(({ type }) => type)).not.toContain("Stuck");
  expect(later.wakeAt).toBeUndefined();
});

test("a first rollout has no older revision to go back to", () => {
  const { condition } = stuck(second, [broken]);
  expect(condition?.message).not.toContain("undo");
});

test("a rollout behind a shut gate, which has no deadline, is stuck too", () => {
  const gate = {
    ...second,
    spec: { ...second.spec, progressDeadlineSeconds: 2147483647, minReadySeconds: 2147483646 },
  };
  expect(
    stuck(gate, [old, { ...broken, spec: { ...broken.spec, minReadySeconds: 2147483646 } }]).condition,
  ).toBeDefined();
});
