import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../api/object.ts";
import { autoscalerFromV2, autoscalerToV2 } from "./autoscaler-versions.ts";

const metadata = {
  name: "h",
  namespace: "a",
  uid: "u",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
};
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } };
const memory = {
  type: "Resource",
  resource: { name: "memory", target: { type: "Utilization", averageUtilization: 50 } },
};

const v2 = (spec: object): KubeObject =>
  ({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata,
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, ...spec },
    status: { currentReplicas: 1, desiredReplicas: 1 },
  }) as KubeObject;

describe("an autoscaler in both versions", () => {
  test("v1 shows the CPU share", () => {
    expect(autoscalerFromV2(v2({ metrics: [cpu] }))).toEqual({
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
      metadata,
      spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 80 },
      status: { currentReplicas: 1, desiredReplicas: 1 },
    });
  });

  test.each([
    ["a CPU share", { metrics: [cpu] }],
    ["several metrics", { metrics: [cpu, memory] }],
    ["a behaviour", { metrics: [memory], behavior: { scaleDown: { stabilizationWindowSeconds: 5 } } }],
    ["nothing", {}],
  ])("%s comes back from v1", (_, spec) => {
    expect(autoscalerToV2(autoscalerFromV2(v2(spec)))).toEqual(v2(spec));
  });

  test("a spoiled annotation counts as none", () => {
    const v1 = autoscalerFromV2(v2({ metrics: [cpu] }));
    const spoiled = {
      ...v1,
      metadata: { ...v1.metadata, annotations: { "autoscaling.alpha.kubernetes.io/metrics": "{" } },
    };
    expect(autoscalerToV2(spoiled)).toEqual(v2({ metrics: [cpu] }));
  });
});
