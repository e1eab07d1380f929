import fc from "fast-check";
import { expect, test } from "vitest";
import { RolloutWorld } from "../../../test/support/rollout-world.ts";
import { desiredReplicas, minAvailable, rollingLimits } from "./limits.ts";
import { REVISION } from "./revision.ts";

/** Any order of what controllers, kubelet and caches may do; `fresh`: the caches have caught up before. */
const fresh = fc.constantFrom(true, true, true, false);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("deployment" as const), fresh }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant("replicaSet" as const), index: fc.nat(5), fresh }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("beginDeployment" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("beginReplicaSet" as const), index: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("finish" as const), index: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("ready" as const), index: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("vanish" as const), index: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.oneof(fc.nat(3000), fc.constant(700_000)) }),
  },
);
const image = fc.constantFrom("shop:1", "shop:2", "shop:3", "bad:1");
const edit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("image" as const), image }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("paused" as const), paused: fc.boolean() }) },
);
const scale = fc.record({ kind: fc.constant("scale" as const), replicas: fc.nat(8) });

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Edit = typeof edit extends fc.Arbitrary<infer S> ? S : never;
type Scale = typeof scale extends fc.Arbitrary<infer S> ? S : never;

const portion = fc.oneof(fc.nat(4), fc.constantFrom("0%", "10%", "25%", "50%", "100%"));
const spec = fc
  .record({
    replicas: fc.integer({ min: 1, max: 8 }),
    maxSurge: portion,
    maxUnavailable: portion,
    minReadySeconds: fc.constantFrom(0, 0, 2),
  })
  .map(({ replicas, minReadySeconds, ...rollingUpdate }) => ({
    replicas,
    minReadySeconds,
    strategy: { type: "RollingUpdate" as const, rollingUpdate },
  }));

function run(world: RolloutWorld, step: Step | Edit | Scale): void {
  switch (step.kind) {
    case "deployment":
      if (step.fresh) world.catchUpAll();
      return void world.runDeployment();
    case "replicaSet":
      if (step.fresh) world.catchUpAll();
      return void world.runReplicaSet(step.index);
    case "beginDeployment":
      return world.beginDeployment();
    case "beginReplicaSet":
      return void world.beginReplicaSet(step.index);
    case "finish":
      return world.finishAt(step.index);
    case "ready":
      return void world.becomeReady(step.index);
    case "vanish":
      return void world.vanish(step.index);
    case "wait":
      world.now += step.ms;
      return;
    case "image":
      return world.setImage(step.image);
    case "paused":
      return world.edit({ paused: step.paused });
    case "scale":
      return world.edit({ replicas: step.replicas });
  }
}

function expectWithinLimits(world: RolloutWorld): void {
  const { maxSurge } = rollingLimits(world.deployment);
  const wanted = world.sets.reduce((total, set) => total + (set.spec.replicas ?? 0), 0);
  const most = desiredReplicas(world.deployment) + maxSurge;
  expect(wanted).toBeLessThanOrEqual(most);
  expect(world.activePods.length).toBeLessThanOrEqual(most);
  expect(world.readyPods.length).toBeGreaterThanOrEqual(minAvailable(world.deployment));
}

test("a rolling update never has too many pods nor too few ready ones, whatever the order of events", () => {
  fc.assert(
    fc.property(
      spec,
      fc.array(fc.oneof({ weight: 12, arbitrary: step }, edit), { maxLength: 150, size: "max" }),
      (spec, steps) => {
        const world = new RolloutWorld(spec);
        world.settle();
        for (const step of steps) {
          run(world, step);
          expectWithinLimits(world);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("with maxUnavailable 0 there are never fewer ready pods than desired, also when a version never becomes ready", () => {
  const strict = fc
    .record({ replicas: fc.integer({ min: 1, max: 6 }), maxSurge: fc.integer({ min: 1, max: 6 }) })
    .map(({ replicas, maxSurge }) => {
      return { replicas, strategy: { type: "RollingUpdate" as const, rollingUpdate: { maxSurge, maxUnavailable: 0 } } };
    });
  const steps = fc.array(fc.oneof({ weight: 60, arbitrary: step }, edit), {
    minLength: 30,
    maxLength: 150,
    size: "max",
  });
  fc.assert(
    fc.property(strict, steps, (spec, steps) => {
      const world = new RolloutWorld(spec);
      world.settle();
      world.setImage("shop:2");
      for (const step of steps) {
        run(world, step);
        expect(world.readyPods.length).toBeGreaterThanOrEqual(spec.replicas);
      }
    }),
    { numRuns: 80 },
  );
});

test("whatever happened, it converges to the newest template at the desired size, and then rests", () => {
  fc.assert(
    fc.property(
      spec,
      fc.array(fc.oneof({ weight: 12, arbitrary: step }, edit, scale), { maxLength: 120, size: "max" }),
      (spec, steps) => {
        const world = new RolloutWorld(spec);
        for (const step of steps) run(world, step);
        world.setImage("shop:9");
        world.edit({ paused: false });
        world.settle();
        const desired = desiredReplicas(world.deployment);
        expect(world.readyPods.map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(desired).fill("shop:9"));
        expect(world.pods.length).toBe(desired);
        world.catchUpAll();
        expect(world.plan()).toMatchObject({ actions: [], status: { status: world.deployment.status } });
        expect(world.runDeployment()).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});

test("an undo brings the old set back under a new revision", () => {
  fc.assert(
    fc.property(spec, fc.array(step, { maxLength: 60, size: "max" }), (spec, steps) => {
      const world = new RolloutWorld(spec);
      world.settle();
      const [first] = world.sets;
      world.setImage("bad:1");
      for (const step of steps) run(world, step);
      world.finishAll();
      world.catchUpAll();
      world.runDeployment();
      world.setImage("shop:1");
      world.settle();
      expect(world.readyPods.every((pod) => pod.metadata.ownerReferences?.[0]?.name === first?.metadata.name)).toBe(
        true,
      );
      expect(world.readyPods.length).toBe(spec.replicas);
      expect(world.deployment.metadata.annotations?.[REVISION]).toBe("3");
    }),
    { numRuns: 40 },
  );
});

test("Recreate never runs two versions at once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.oneof({ weight: 12, arbitrary: step }, edit), { maxLength: 150, size: "max" }),
      (replicas, steps) => {
        const world = new RolloutWorld({ replicas, strategy: { type: "Recreate" } });
        world.settle();
        for (const step of steps) {
          run(world, step);
          const versions = new Set(world.pods.map((pod) => pod.metadata.ownerReferences?.[0]?.name));
          expect(versions.size).toBeLessThanOrEqual(1);
        }
        world.setImage("shop:9");
        world.edit({ paused: false });
        world.settle();
        expect(world.readyPods.map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(replicas).fill("shop:9"));
      },
    ),
    { numRuns: 60 },
  );
});
