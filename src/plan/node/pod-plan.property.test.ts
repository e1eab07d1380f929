import fc from "fast-check";
import { expect, test } from "vitest";
import { container, pod } from "../../../test/support/fixtures/pods.ts";
import { at, EPOCH } from "../../../test/support/fixtures/workloads.ts";
import type { Container, Pod } from "../../api/generated/core-v1.ts";
import type { PodAction } from "./actions.ts";
import { applyEvent, type PodEvent } from "./pod-events.ts";
import { planPod } from "./pod-plan.ts";
import { isRunning, passedProbes, type PodFacts } from "./view.ts";

/** A machine that does what the plan says and lets containers end as the case wants. */
class World {
  pod: Pod;
  facts: PodFacts = { acceptedAt: EPOCH, surroundings: "none", containers: {} };
  now = EPOCH;
  deleted = false;
  readonly trail: string[] = [];

  constructor(spec: Partial<Pod["spec"]>) {
    this.pod = pod({ spec });
  }

  happen(event: PodEvent): void {
    this.facts = applyEvent(this.facts, event);
  }

  /** Plans and acts until nothing is left to do now; returns when to look again. */
  settle(): number | undefined {
    for (let round = 0; round < 100; round++) {
      const plan = planPod(
        { pod: this.pod, gone: false, shutdown: false, hostIP: "127.0.0.1", facts: this.facts },
        this.now,
      );
      this.pod = { ...this.pod, status: plan.status };
      if (plan.actions.length === 0 || this.deleted) return plan.wakeAt;
      for (const action of plan.actions) this.act(action);
    }
    throw new Error(`no rest: ${this.trail.slice(-20).join(", ")}`);
  }

  act(action: PodAction): void {
    this.trail.push("container" in action ? `${action.kind} ${action.container}` : action.kind);
    switch (action.kind) {
      case "prepare":
        return this.happen({ kind: "prepared", podIP: "127.64.128.1" });
      case "start": {
        expect(isRunning(this.facts.containers[action.container]?.current)).toBe(false);
        const { container: name, instance, hash, backoff } = action;
        return this.happen({
          kind: "started",
          container: name,
          instance: {
            instance,
            id: `${name}/${instance}`,
            image: "",
            imageID: "",
            hash,
            startedAt: this.now,
            stale: false,
            postStart: "none",
            probes: passedProbes,
          },
          ...(backoff && { backoff }),
        });
      }
      case "announceBackoff":
        return this.happen({ kind: "backoffAnnounced", container: action.container, instance: action.instance });
      case "announceImageBackoff":
        return this.happen({ kind: "imageBackoffAnnounced", container: action.container, image: "x" });
      case "drain":
        return this.happen({ kind: "drain", state: "done" });
      case "beginStop":
        return this.happen({ ...action, kind: "stopBegun", at: this.now });
      case "preStop":
        return this.happen({ ...action, kind: "preStop", state: "done" });
      case "signal":
        return this.happen({ ...action, kind: "signalled", at: this.now });
      case "kill":
        this.happen({ ...action, kind: "killed", at: this.now });
        return this.end(action.container, 137);
      case "release":
        expect(this.running()).toEqual([]);
        return this.happen({ kind: "released" });
      case "delete":
        this.deleted = true;
    }
  }

  end(name: string, exitCode: number): void {
    const { current } = this.facts.containers[name] ?? {};
    if (current)
      this.happen({
        kind: "ended",
        container: name,
        instance: current.instance,
        end: { exitCode, at: this.now, reason: "Error" },
      });
  }

  running(): string[] {
    return Object.keys(this.facts.containers).filter((name) => isRunning(this.facts.containers[name]?.current));
  }
}

const names = ["a", "b", "c"];
const containers = (prefix: string): fc.Arbitrary<Container[]> =>
  fc.array(fc.record({ sidecar: fc.boolean(), hook: fc.boolean() }), { maxLength: 3 }).map((all) =>
    all.map(({ sidecar, hook }, index) =>
      container({
        name: prefix + names[index],
        ...(sidecar && prefix === "i" && { restartPolicy: "Always" }),
        ...(hook && { lifecycle: { preStop: { sleep: { seconds: 1 } } } }),
      }),
    ),
  );
const spec = fc.record({
  restartPolicy: fc.constantFrom("Always" as const, "OnFailure" as const, "Never" as const),
  terminationGracePeriodSeconds: fc.nat(40),
  initContainers: containers("i"),
  containers: containers("m").filter((all) => all.length > 0),
});
/** Which container ends how, or time goes on. */
const happenings = fc.array(
  fc.oneof(
    fc.record({ end: fc.constantFrom("ia", "ib", "ic", "ma", "mb", "mc"), code: fc.constantFrom(0, 1) }),
    fc.record({ pass: fc.nat(700) }),
  ),
  { maxLength: 15 },
);

test("whatever happens, the plan comes to rest, keeps the order of starts, and a deletion ends everything in time", () => {
  fc.assert(
    fc.property(spec, happenings, (of, all) => {
      const world = new World(of);
      world.settle();
      for (const one of all) {
        if ("pass" in one) world.now += one.pass * 1000;
        else if (world.running().includes(one.end)) world.end(one.end, one.code);
        world.settle();
        const regular = of.initContainers
          .filter(({ restartPolicy }) => restartPolicy !== "Always")
          .map(({ name }) => name);
        const first = world.trail.findIndex((step) => step.startsWith("start m"));
        if (first >= 0) for (const name of regular) expect(world.trail.indexOf(`start ${name}`)).toBeLessThan(first);
      }
      world.pod = {
        ...world.pod,
        metadata: {
          ...world.pod.metadata,
          deletionTimestamp: at(1),
          deletionGracePeriodSeconds: of.terminationGracePeriodSeconds,
        },
      };
      const begin = world.now;
      for (let round = 0; !world.deleted; round++) {
        const wakeAt = world.settle();
        if (world.deleted) break;
        expect(wakeAt).toBeGreaterThan(world.now);
        expect(round).toBeLessThan(20);
        world.now = wakeAt!;
      }
      expect(world.running()).toEqual([]);
      expect(world.now - begin).toBeLessThanOrEqual((of.terminationGracePeriodSeconds + 2) * 1000);
      expect(["Succeeded", "Failed"]).toContain(world.pod.status?.phase);
      expect(world.trail.at(-1)).toBe("delete");
    }),
  );
});

test("a pod that crashes all the time restarts at most as often as the delays allow", () => {
  const world = new World({});
  const end = EPOCH + 3_600_000;
  world.settle();
  while (world.now < end) {
    world.end("main", 1);
    const wakeAt = world.settle();
    if (world.running().length > 0) continue;
    world.now = Math.min(wakeAt ?? end, end);
    if (world.now < end) world.settle();
  }
  // 0 + 10 + 20 + 40 + 80 + 160 = 310 s, then every 300 s
  expect(world.trail.filter((step) => step === "start main")).toHaveLength(7 + Math.floor((3600 - 310) / 300));
});
