import { expect, test } from "vitest";
import { at, deployment, EPOCH, replicaSet, template } from "../../../test/support/fixtures/workloads.ts";
import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import { planDeployment } from "./deployment-plan.ts";
import { REVISION, ROLLBACK_TO } from "./revision.ts";

const first = replicaSet({ replicas: 0, metadata: { annotations: { [REVISION]: "1", note: "old" } } });
const second = replicaSet({
  name: "shop-b",
  image: "shop:2",
  metadata: { creationTimestamp: at(10), annotations: { [REVISION]: "2", note: "new" } },
});
const own = { [REVISION]: "2", "kubectl.kubernetes.io/last-applied-configuration": "{}" };

function plan(wanted: string, sets: readonly ReplicaSet[] = [first, second], spec = {}, image = "shop:2") {
  const annotations = { ...own, note: "new", [ROLLBACK_TO]: wanted };
  const of = deployment({ metadata: { annotations }, spec: { template: template(image), ...spec } });
  return planDeployment({ deployment: of, replicaSets: sets, pods: [], nodes: [] }, EPOCH + 60_000);
}

const back = { kind: "updateDeployment", annotations: { ...own, note: "old" }, template: template("shop:1") };
const cleared = { kind: "updateDeployment", annotations: { ...own, note: "new" } };
const rolledBack = {
  type: "Normal",
  reason: "DeploymentRollback",
  message: 'Rolled back deployment "shop" to revision 1',
};

test.each<[string, ReturnType<typeof plan>, readonly object[]]>([
  ["a revision", plan("1"), [back, rolledBack]],
  ["the last one", plan("0"), [back, rolledBack]],
  [
    "the last one, while the newest set has no number yet",
    plan("0", [first, { ...second, metadata: { ...second.metadata, annotations: {} } }]),
    [back, rolledBack],
  ],
  [
    "the last one, when there is only one",
    plan("0", [second]),
    [
      cleared,
      { type: "Warning", reason: "DeploymentRollbackRevisionNotFound", message: "Unable to find last revision." },
    ],
  ],
  [
    "one that is not there",
    plan("7"),
    [
      cleared,
      {
        type: "Warning",
        reason: "DeploymentRollbackRevisionNotFound",
        message: "Unable to find the revision to rollback to.",
      },
    ],
  ],
  [
    "the present one",
    plan("2"),
    [
      cleared,
      {
        type: "Warning",
        reason: "DeploymentRollbackTemplateUnchanged",
        message: 'The rollback revision contains the same template as current deployment "shop"',
      },
    ],
  ],
])("back to %s", (_, { actions, status }, expected) => {
  expect(actions).toMatchObject(expected);
  expect(actions).toHaveLength(2);
  expect(status.status).toEqual({});
  if (expected[0] === cleared) expect(actions[0]).not.toHaveProperty("template");
});

test.each<[string, ReturnType<typeof plan>]>([
  ["a paused Deployment", plan("1", [first, second], { paused: true })],
  ["a text that is no number", plan("first")],
])("%s does not go back", (_, { actions }) => {
  expect(actions.map(({ kind }) => kind)).not.toContain("updateDeployment");
});
