import { describe, expect, test } from "vitest";
import { builtinTypes } from "../../api/table/builtin.ts";
import type { KubeObject } from "../../api/object.ts";
import { type Scale, scaleChange, scaleOf } from "./scale.ts";

const metadata = {
  name: "web",
  namespace: "a",
  uid: "u",
  resourceVersion: "5",
  creationTimestamp: "2026-01-01T00:00:00Z",
};
const workload = (spec: object, status: object = {}, kind = "Deployment"): KubeObject =>
  ({ apiVersion: "apps/v1", kind, metadata: { ...metadata, labels: { not: "shown" } }, spec, status }) as KubeObject;
const selector = {
  matchLabels: { app: "web" },
  matchExpressions: [{ key: "tier", operator: "In", values: ["b", "a"] }],
};

describe("the scale of a workload", () => {
  test("says how many there are and which pods they are", () => {
    expect(scaleOf(workload({ replicas: 3, selector }, { replicas: 2 }))).toEqual({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata,
      spec: { replicas: 3 },
      status: { replicas: 2, selector: "app=web,tier in (a,b)" },
    });
  });

  test("of a ReplicationController has its plain selector", () => {
    const controller = workload({ replicas: 1, selector: { app: "web" } }, {}, "ReplicationController");
    expect(scaleOf(controller).status).toEqual({ replicas: 0, selector: "app=web" });
  });

  test("of nothing leaves the number out", () => {
    expect(scaleOf(workload({ replicas: 0 }))).toMatchObject({ spec: {}, status: { replicas: 0 } });
  });
});

describe("a change of the scale", () => {
  const target = { info: builtinTypes().find("apps", "v1", "deployments")!, namespace: "a", name: "web" };
  const current = workload({ replicas: 1, selector });
  const changed = (replicas: number, resourceVersion = "5") =>
    scaleChange(
      target,
      (scale) => ({ ...scale, metadata: { ...scale.metadata, resourceVersion }, spec: { replicas } }) as Scale,
    );

  test("is one of the replicas alone, of the version that was seen", () => {
    expect(changed(4, "4")(current).object).toEqual({
      ...current,
      metadata: { ...current.metadata, resourceVersion: "4" },
      spec: { replicas: 4, selector },
    });
  });

  test("goes not below nothing", () => {
    expect(() => changed(-1)(current)).toThrow(
      'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  test("needs a workload", () => {
    expect(() => changed(1)(undefined)).toThrow('deployments.apps "web" not found');
  });
});
