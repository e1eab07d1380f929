import { expect, test } from "vitest";
import type { Deployment, DeploymentStatus } from "../../../api/generated/apps-v1.ts";
import { rolloutProgress } from "./progress.ts";

const deployment = (status: DeploymentStatus, generation = 2): Deployment =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", generation },
    spec: { replicas: 3 },
    status: { observedGeneration: 2, ...status },
  }) as Deployment;
const condition = (type: string, reason: string, message: string, status = "True"): DeploymentStatus => ({
  conditions: [{ type, reason, message, status }],
});
const all = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 };

const cases: readonly (readonly [sentence: string, deployment: Deployment, kind: string, message: string])[] = [
  [
    "a spec that nobody has seen yet",
    deployment(all, 3),
    "waiting",
    "Waiting for deployment spec update to be observed...",
  ],
  [
    "too few new pods",
    deployment({ replicas: 3, updatedReplicas: 1 }),
    "waiting",
    'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...',
  ],
  [
    "old pods that are still there",
    deployment({ ...all, replicas: 4 }),
    "waiting",
    'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
  ],
  [
    "new pods that are not available",
    deployment({ ...all, availableReplicas: 2 }),
    "waiting",
    'Waiting for deployment "web" rollout to finish: 2 of 3 updated replicas are available...',
  ],
  ["all of them", deployment(all), "done", 'deployment "web" successfully rolled out'],
  [
    "a deadline that is over",
    deployment({ ...all, ...condition("Progressing", "ProgressDeadlineExceeded", "x", "False") }),
    "failed",
    'deployment "web" exceeded its progress deadline',
  ],
  [
    "a rollout that is stuck",
    deployment({ ...all, ...condition("Stuck", "ImageNotFound", "No image. Fix it.") }),
    "failed",
    'deployment "web" is stuck: No image. Fix it.',
  ],
  [
    "a rollout that was stuck before the last change",
    deployment(condition("Stuck", "ImageNotFound", "No image."), 3),
    "waiting",
    "Waiting for deployment spec update to be observed...",
  ],
];

test.each(cases)("%s", (_, object, kind, message) => {
  expect(rolloutProgress(object)).toEqual({ kind, message });
});
