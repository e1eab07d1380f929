import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deployment, hashOfVersion, meta, policy, replicaSet } from "../../../test/support/workload.ts";
import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { admitDeployment, type GateContext } from "./admit-deployment.ts";
import { GATE_ANNOTATION, gateFields, gateOf, isShut, shut } from "./gate.ts";

const atRest: GateContext = {
  policies: [policy()],
  releases: [],
  replicaSets: [replicaSet("v1", 3)],
  services: [],
  byReleaseController: false,
};
const v1 = deployment("v1");
const user = { minReadySeconds: 5, progressDeadlineSeconds: 60, strategy: v1.spec.strategy ?? {} };
const dark = shut(deployment("v2"), { stable: hashOfVersion("v1"), user }, 1);
const during: GateContext = { ...atRest, replicaSets: [replicaSet("v1", 3), replicaSet("v2", 1)] };

const admit = (old: Deployment | undefined, next: Deployment, context: Partial<GateContext> = {}): Deployment =>
  admitDeployment(old, next, { ...(old && isShut(old) ? during : atRest), ...context }).object;

describe("a new template", () => {
  test("shuts the gate in the same write and keeps the user's values", () => {
    const next = deployment("v2", { minReadySeconds: 7 });
    const { object, meant } = admitDeployment(v1, next, atRest);
    expect(object.spec).toMatchObject({
      template: next.spec.template,
      minReadySeconds: 2147483646,
      progressDeadlineSeconds: 2147483647,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(gateOf(object)).toEqual({
      stable: hashOfVersion("v1"),
      user: { minReadySeconds: 7, progressDeadlineSeconds: 600, strategy: next.spec.strategy },
    });
    expect(meant).toBe(next);
  });

  test.each([
    ["as many dark pods as the policy says", policy({ dark: { replicas: 2 } }), 3, 2],
    ["never more than replicas", policy({ dark: { replicas: 9 } }), 3, 3],
  ])("makes room for %s", (_, p, replicas, surge) => {
    const next = admit(v1, deployment("v2", { replicas }), { policies: [p] });
    expect(next.spec.strategy?.rollingUpdate?.maxSurge).toBe(surge);
  });

  const ungated: readonly [string, Deployment, Partial<GateContext>][] = [
    ["there is no policy", deployment("v2"), { policies: [] }],
    ["the policy is for another Deployment", deployment("v2"), { policies: [policy({ targetRef: { name: "cart" } })] }],
    [
      "the policy is for another kind",
      deployment("v2"),
      { policies: [policy({ targetRef: { kind: "StatefulSet", name: "shop" } })] },
    ],
    [
      "the policy is being deleted",
      deployment("v2"),
      { policies: [policy({}, { metadata: meta("shop", { deletionTimestamp: "2026-01-01T00:00:01Z" }) })] },
    ],
    [
      "the policy cannot hold (Ready is False)",
      deployment("v2"),
      {
        policies: [
          policy(
            {},
            {
              status: { conditions: [{ type: "Ready", status: "False", reason: "NoService", lastTransitionTime: "" }] },
            },
          ),
        ],
      },
    ],
    ["the strategy is Recreate", deployment("v2", { strategy: { type: "Recreate" } }), {}],
    ["it is scaled to 0", deployment("v2", { replicas: 0 }), {}],
    ["no pod of any version is ready", deployment("v2"), { replicaSets: [replicaSet("v1", 0)] }],
    ["the sets belong to somebody else", deployment("v2", {}, { uid: "other" }), { replicaSets: [] }],
    ["the release controller writes it", deployment("v2"), { byReleaseController: true }],
  ];
  test.each(ungated)("passes unchanged when %s", (_, next, context) => expect(admit(v1, next, context)).toEqual(next));

  test("is held against the version that serves, not against one that never came up", () => {
    const stuck = deployment("v2");
    const sets = { replicaSets: [replicaSet("v1", 3), replicaSet("v2", 0, { replicas: 1 })] };
    expect(gateOf(admit(stuck, deployment("v3"), sets))?.stable).toBe(hashOfVersion("v1"));
    expect(admit(stuck, deployment("v1"), sets)).toEqual(deployment("v1"));
  });

  test("passes in the middle of an ordinary rollout, where two versions serve together", () => {
    const sets = { replicaSets: [replicaSet("v1", 2), replicaSet("v2", 1)] };
    expect(admit(deployment("v2"), deployment("v3"), sets)).toEqual(deployment("v3"));
  });

  test("passes when its pods are available already: undone right after the end of a release", () => {
    const sets = { replicaSets: [replicaSet("v1", 3), replicaSet("v2", 3)] };
    expect(admit(deployment("v2"), deployment("v1"), sets)).toEqual(deployment("v1"));
  });

  test("is held as long as users are led to the pods of one template, policy or not", () => {
    const labels = { "sluice.dev/deployment": "shop" };
    const stable = {
      metadata: meta("shop-stable", { labels }),
      spec: { selector: { "pod-template-hash": hashOfVersion("v1") } },
    };
    const services = [{ apiVersion: "v1" as const, kind: "Service" as const, ...stable }];
    expect(isShut(admit(v1, deployment("v2"), { policies: [], services }))).toBe(true);
  });

  test("is held against the finished version while the last pods of the one before go", () => {
    const sets = { replicaSets: [replicaSet("v1", 3), replicaSet("v2", 3)] };
    expect(gateOf(admit(deployment("v2"), deployment("v3"), sets))?.stable).toBe(hashOfVersion("v2"));
  });
});

test("the first creation is not gated", () => expect(admit(undefined, v1)).toEqual(v1));

test("a manifest read during a release does not bring the gate along", () => {
  const copied = { ...dark, metadata: { ...dark.metadata, name: "shop" } };
  expect(admit(undefined, copied).spec).toMatchObject({ minReadySeconds: 5, progressDeadlineSeconds: 60 });
  const applied = { ...v1, spec: { ...v1.spec, ...gateFields(1) } };
  expect(admit(v1, applied)).toEqual(v1);
  expect(admit(v1, { ...v1, metadata: { ...v1.metadata, annotations: { [GATE_ANNOTATION]: "{}", a: "b" } } })).toEqual({
    ...v1,
    metadata: { ...v1.metadata, annotations: { a: "b" } },
  });
});

describe("while the gate is shut", () => {
  const kept = (next: Deployment): unknown => gateOf(admit(dark, next))?.user;
  const same: readonly [string, Deployment][] = [
    ["the same object", dark],
    [
      "a manifest that does not name the gate's fields",
      { ...dark, metadata: { ...dark.metadata, labels: { a: "b" } } },
    ],
    ["a scaling", { ...dark, spec: { ...dark.spec, replicas: 5 } }],
    ["a pause", { ...dark, spec: { ...dark.spec, paused: true } }],
    [
      "annotations that lack the gate's",
      { ...dark, metadata: { ...dark.metadata, annotations: { "deployment.kubernetes.io/revision": "2" } } },
    ],
  ];
  test.each(same)("%s leaves it shut", (_, next) => {
    const object = admit(dark, next);
    expect(object.spec).toEqual({
      ...dark.spec,
      replicas: next.spec.replicas,
      ...(next.spec.paused && { paused: true }),
    });
    expect(gateOf(object)).toEqual(gateOf(dark));
  });

  const remembered: readonly [string, Partial<Deployment["spec"]>, Record<string, unknown>][] = [
    ["minReadySeconds", { minReadySeconds: 9 }, { minReadySeconds: 9 }],
    ["minReadySeconds taken out", { minReadySeconds: 0 }, { minReadySeconds: 0 }],
    ["progressDeadlineSeconds", { progressDeadlineSeconds: 90 }, { progressDeadlineSeconds: 90 }],
    [
      "maxSurge",
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "50%" } } },
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "50%" } } },
    ],
    [
      "maxUnavailable",
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } },
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: "25%" } } },
    ],
    ["the strategy", { strategy: { type: "Recreate" } }, { strategy: { type: "Recreate" } }],
  ];
  test.each(remembered)("a manifest with another value is put back, and %s remembered", (_, spec, values) => {
    const next = { ...dark, spec: { ...dark.spec, ...spec } };
    expect(admit(dark, next).spec).toEqual(dark.spec);
    expect(kept(next)).toEqual({ ...user, ...values });
    expect(admitDeployment(dark, next, during).meant.spec).toMatchObject(values);
  });

  test("a manifest that names the gate's own numbers is understood by what kubectl notes of it", () => {
    const manifest = { spec: { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } };
    const annotations = {
      ...dark.metadata.annotations,
      "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(manifest),
    };
    expect(kept({ ...dark, metadata: { ...dark.metadata, annotations } })).toEqual({
      ...user,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
  });

  test("the released template opens it in the same write, with the user's values", () => {
    const undo = {
      ...dark,
      metadata: { ...dark.metadata, annotations: {} },
      spec: { ...dark.spec, template: v1.spec.template },
    };
    const object = admit(dark, undo);
    expect(object.spec).toEqual({ ...v1.spec, ...user });
    expect(object.metadata.annotations).toEqual({});
  });

  test("the released template with other values of the user opens it with those", () => {
    const older = deployment("v1", { minReadySeconds: 1 });
    expect(admit(dark, older)).toEqual(deployment("v1", { minReadySeconds: 1 }));
  });

  test("a third template keeps it shut against the same released version, with the dark pods of a beginning", () => {
    const wide = { ...dark, spec: { ...dark.spec, ...gateFields(3) } };
    const object = admit(wide, { ...wide, spec: { ...wide.spec, template: deployment("v3").spec.template } });
    expect(isShut(object)).toBe(true);
    expect(object.spec.strategy?.rollingUpdate?.maxSurge).toBe(1);
    expect(gateOf(object)).toEqual(gateOf(dark));
  });

  test("a policy that is gone leaves it as it is, for the release controller to end", () => {
    expect(admit(dark, dark, { policies: [] })).toEqual(dark);
  });

  test("a third template without a policy is an ordinary rollout", () => {
    const object = admit(
      dark,
      { ...dark, spec: { ...dark.spec, template: deployment("v3").spec.template } },
      { policies: [] },
    );
    expect(object.spec).toEqual({ ...deployment("v3").spec, ...user });
  });

  test("the release's copy stands in for a lost annotation", () => {
    const release: Release = {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "Release",
      metadata: meta("shop-2"),
      spec: { targetRef: { name: "shop" }, stableHash: hashOfVersion("v1"), user: { minReadySeconds: 5 } },
    };
    const bare = { ...dark, metadata: { ...dark.metadata, annotations: {} } };
    expect(gateOf(admit(bare, bare, { releases: [release] }))).toEqual({
      stable: hashOfVersion("v1"),
      user: { minReadySeconds: 5 },
    });
  });

  test("the release controller writes what it wants", () => {
    const wider = { ...dark, spec: { ...dark.spec, ...gateFields(3) } };
    expect(admit(dark, wider, { byReleaseController: true })).toBe(wider);
  });
});

test("whatever users write one after the other, the values that come back are the last that they wrote", () => {
  const write = fc.record({
    version: fc.constantFrom("v1", "v2", "v3"),
    minReadySeconds: fc.option(fc.nat(50), { nil: undefined }),
    maxSurge: fc.option(fc.integer({ min: 4, max: 9 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 6 }), (writes) => {
      let stored = v1;
      let meant = { minReadySeconds: undefined as number | undefined, maxSurge: "25%" as number | string };
      const put = (next: Deployment): void => {
        stored = admitDeployment(stored, next, { ...during, replicaSets: [replicaSet("v1", 3)] }).object;
      };
      for (const { version, minReadySeconds, maxSurge } of writes) {
        meant = { minReadySeconds: minReadySeconds ?? meant.minReadySeconds, maxSurge: maxSurge ?? meant.maxSurge };
        const rolling = stored.spec.strategy?.rollingUpdate;
        put({
          ...stored,
          spec: {
            ...stored.spec,
            template: deployment(version).spec.template,
            ...(minReadySeconds !== undefined && { minReadySeconds }),
            strategy: {
              type: "RollingUpdate",
              rollingUpdate: { ...rolling, ...(maxSurge !== undefined && { maxSurge }) },
            },
          },
        });
        expect(isShut(stored)).toBe(version !== "v1");
      }
      put({ ...stored, spec: { ...stored.spec, template: v1.spec.template } });
      expect(isShut(stored)).toBe(false);
      expect(stored.spec.minReadySeconds).toBe(meant.minReadySeconds);
      expect(stored.spec.strategy?.rollingUpdate?.maxSurge).toBe(meant.maxSurge);
      expect(stored.metadata.annotations?.[GATE_ANNOTATION]).toBeUndefined();
    }),
  );
});
