import { expect, test } from "vitest";
import { template } from "../../../test/support/fixtures/workloads.ts";
import { RolloutWorld } from "../../../test/support/rollout-world.ts";
import type { Deployment } from "../../api/generated/apps-v1.ts";

/** What the real control plane does with a Deployment that is held back by these fields. */
const user = {
  minReadySeconds: 0,
  progressDeadlineSeconds: 600,
  strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
};
const gate = (maxSurge: number): Partial<Deployment["spec"]> => ({
  minReadySeconds: 2_147_483_646,
  progressDeadlineSeconds: 2_147_483_647,
  strategy: { rollingUpdate: { maxSurge, maxUnavailable: 0 } },
});

/** Three pods of shop:1, and dark ones of shop:2 behind the gate. */
function shut(dark = 1): RolloutWorld {
  const world = new RolloutWorld({ replicas: 3, ...user });
  world.settle();
  world.edit({ ...gate(dark), template: template("shop:2") });
  world.settle();
  return world;
}

/** `shop:1 3, shop:2 1`: ready pods by image. */
const ready = (world: RolloutWorld): string => {
  const counts = new Map<string, number>();
  for (const pod of world.readyPods) {
    const image = pod.spec.containers[0]?.image ?? "";
    counts.set(image, (counts.get(image) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([image, count]) => `${image} ${count}`)
    .join(", ");
};

test("dark pods are ready and never available; the old ones stay, and the Deployment is available", () => {
  const world = shut();
  expect(ready(world)).toBe("shop:1 3, shop:2 1");
  expect(world.deployment.status).toMatchObject({
    replicas: 4,
    readyReplicas: 4,
    updatedReplicas: 1,
    availableReplicas: 3,
  });
  expect(world.deployment.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
    "Available True",
  ]);
  expect(world.sets.map(({ spec }) => spec.minReadySeconds ?? 0)).toEqual([0, 2_147_483_646]);
});

test("more dark pods change nothing else", () => {
  const world = shut();
  world.edit(gate(3));
  world.settle();
  expect(ready(world)).toBe("shop:1 3, shop:2 3");
});

test("scaling gives the old version what is wanted", () => {
  const world = shut(3);
  world.edit({ replicas: 5 });
  world.settle();
  expect(ready(world)).toBe("shop:1 5, shop:2 3");
});

test("a third version takes the place of the dark one", () => {
  const world = shut(3);
  world.edit({ ...gate(1), template: template("shop:3") });
  world.settle();
  expect(ready(world)).toBe("shop:1 3, shop:3 1");
});

test("promotion: the user's own values finish the rollout", () => {
  const world = shut(3);
  world.edit(user);
  world.settle();
  expect(ready(world)).toBe("shop:2 3");
});

test("withdrawal: the dark pods go, no old pod is touched, and its set gets the next revision", () => {
  const world = shut(2);
  const before = world.readyPods
    .filter((pod) => pod.spec.containers[0]?.image === "shop:1")
    .map((pod) => pod.metadata.uid);
  world.edit({ ...user, template: template("shop:1") });
  world.settle();
  expect(world.readyPods.map((pod) => pod.metadata.uid)).toEqual(before);
  expect(world.deployment.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("3");
});
