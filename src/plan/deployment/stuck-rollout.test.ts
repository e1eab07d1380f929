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
import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
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
const condition = (type: string, status: string, reason: string, message = "") => ({
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

test("a rollout that has finished once is not stuck, whatever becomes of its pods", () => {
  const conditions = [condition("Progressing", "True", "NewReplicaSetAvailable")];
  expect(
    stuck({ ...second, status: { conditions, replicas: 1, updatedReplicas: 1 } }, [
      { ...old, spec: { ...old.spec, replicas: 0 }, status: { replicas: 0, observedGeneration: 1 } },
      broken,
    ]).condition,
  ).toBeUndefined();
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
