import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReleaseWorld } from "../../../test/support/release-world.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import { isShut } from "../gate/gate.ts";
import { type Findings, NO_FINDINGS } from "./findings.ts";

const good: Findings = {
  ...NO_FINDINGS,
  rate: 100,
  measured: 3000,
  new: { requests: 3000, failures: 0, retried: 0, users: 800, usersHit: 0 },
  advice: { ...NO_FINDINGS.advice, first: 0.5, next: 0.5, cap: 0.5, affordable: true, ruledOut: true, excess: 0.001 },
};
const bad: Findings = {
  ...good,
  evidence: { ...good.evidence, value: 200, odds: "1:200", reached: true, freezes: true },
};

const RESOURCES = [["services"], ["endpointslices"], ["httproutes"], ["releasepolicies"], ["trips"], undefined];
const VERBS = ["promote", "promote-full", "pause", "resume", "abort", "retry"] as const;

/**
 * Plays one history: the controllers, the pods and the workers take turns by chance, the release controller is killed in the
 * middle of its actions now and then, and sometimes a user does something.
 */
class History {
  readonly world: ReleaseWorld;
  readonly #random: ReturnType<typeof seededRandom>;
  /** Images that users may meet: the first, those to which the rule has given a share, those that were not gated. */
  readonly released: Set<string> = new Set(["shop:v1"]);
  readonly phases: Set<string> = new Set();
  readonly log: string[] = [];
  /** How often users do something. */
  readonly #busy: number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#busy = this.#pick([0.004, 0.015, 0.05]);
    this.world = new ReleaseWorld({
      policy: { soak: "1s", bake: "1s", onFailure: this.#chance(0.3) ? "Hold" : "Revert" },
      replicas: this.#pick([1, 2, 3, 4]),
    });
    this.world.findings = good;
  }

  play(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.#step();
      this.#note();
      this.#look();
    }
  }

  #step(): void {
    const { world } = this;
    const turn = this.#random.next();
    if (turn < this.#busy) this.#user();
    else if (turn < 0.28)
      this.#tell("release", () => world.releaseController(this.#chance(0.15) ? this.#below(3) : undefined));
    else if (turn < 0.36) this.#tell("deployment", () => world.deploymentController());
    else if (turn < 0.44) this.#tell("sets", () => world.replicaSetController());
    else if (turn < 0.56) this.#tell("ready", () => world.podBecomesReady());
    else if (turn < 0.66) this.#tell("slices", () => world.endpointController());
    else if (turn < 0.86) this.#tell("sync", () => world.sync(this.#below(2), this.#pick(RESOURCES)));
    else if (turn < 0.92) this.#tell("vanish", () => world.podsVanish());
    else this.#tell("time", () => (world.now += this.#pick([100, 1000, 3000])));
  }

  #user(): void {
    const { world } = this;
    const act = this.#pick([
      "apply",
      "apply",
      "apply",
      "undo",
      "scale",
      "pause",
      "order",
      "order",
      "order",
      "findings",
      "policy",
      "crash",
    ]);
    if (["apply", "undo", "scale", "policy"].includes(act) && this.#inBetween()) return;
    switch (act) {
      case "apply":
      case "undo": {
        const version = this.#pick(["v1", "v2", "v3"]);
        this.#tell(`${act} ${version}`, () => (act === "apply" ? world.apply(version) : world.undo(version)));
        // Without a gate Kubernetes itself gives the version to everybody.
        if (!isShut(world.deployment)) this.#plainRollout();
        return;
      }
      case "scale": {
        const replicas = 1 + this.#below(5);
        return this.#tell(`scale ${replicas}`, () => world.scale(replicas));
      }
      case "pause": {
        const paused = this.#chance(0.4);
        return this.#tell(`pause ${paused}`, () => world.pause(paused));
      }
      case "order": {
        const verb = this.#pick(VERBS);
        if (world.all("releases").length > 0) this.#tell(verb, () => world.order(verb));
        return;
      }
      case "findings":
        return this.#tell("findings", () => (world.findings = this.#chance(0.3) ? bad : good));
      case "policy":
        return this.#policy();
      case "crash": {
        const version = this.#pick(["v2", "v3"]);
        // A pod of the only version that serves may of course be missed.
        if (!this.released.has(`shop:${version}`)) this.#tell(`crash ${version}`, () => world.crash(version));
        return;
      }
    }
  }

  /** Without a gate Kubernetes itself gives the version to everybody, and users meet whatever pods there are meanwhile. */
  #plainRollout(): void {
    this.released.add(this.world.deployment.spec.template.spec?.containers[0]?.image ?? "");
    for (const { spec } of this.world.all<ReplicaSet>("replicasets"))
      if ((spec.replicas ?? 0) > 0) this.released.add(spec.template?.spec?.containers[0]?.image ?? "");
    for (const pod of this.world.all<Pod>("pods")) this.released.add(pod.spec.containers[0]?.image ?? "");
  }

  /**
   * Pods of more versions than the present state needs are there. The Deployment controller counts them, gate or not, so a user
   * who goes to and fro faster than pods go leaves it to chance who is faster (docs/architecture.md, Release).
   */
  #inBetween(): boolean {
    const { world } = this;
    const sets = world
      .all<ReplicaSet>("replicasets")
      .filter(({ spec, status }) => (spec.replicas ?? 0) > 0 || (status?.replicas ?? 0) > 0);
    const shut = isShut(world.deployment);
    // A policy promises nothing before it says so: a worker may not know its rule yet.
    const promised = world.policy?.status?.conditions?.[0]?.status;
    return sets.length > (shut ? 2 : 1) || (!shut && world.policy !== undefined && promised !== "True");
  }

  #policy(): void {
    const { world } = this;
    if (!world.policy) return this.#tell("add policy", () => world.addPolicy({ soak: "1s", bake: "1s" }));
    if (this.#chance(0.5))
      return this.#tell("edit policy", () =>
        world.editPolicy({ dark: { replicas: 2 }, steps: [{ weight: 10 }, { pause: {} }] }),
      );
    return this.#tell("delete policy", () => world.deletePolicy());
  }

  #tell(what: string, run: () => unknown): void {
    this.log.push(what);
    run();
  }

  #note(): void {
    const { world } = this;
    if (world.phase) this.phases.add(world.phase);
    // A rule that was given back while the gate is still shut: the template goes the way of Kubernetes.
    if (world.weight === undefined && isShut(world.deployment)) this.#plainRollout();
    if (world.weight === undefined || world.weight === 0) return;
    const live = world.all<typeof world.release>("releases").find(({ status }) => status?.endTime === undefined);
    if (live) this.released.add(`shop:${live.spec.version}`);
  }

  /** Every request of an ordinary user, on every worker, finds a pod that is there, of a version that was released. */
  #look(): void {
    const met = [...this.world.served()].filter((image) => !this.released.has(image));
    if (met.length > 0) throw new Error(`users meet ${met.join(", ")} after: ${this.log.slice(-60).join(", ")}`);
  }

  #chance(p: number): boolean {
    return this.#random.next() < p;
  }

  #below(n: number): number {
    return Math.floor(this.#random.next() * n);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}

describe("whatever happens in whatever order, whoever is killed in between", () => {
  test("every request finds a pod of a released version", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => new History(seed).play(500)),
      { numRuns: 30 },
    );
  });

  test("and all phases are gone through", () => {
    const phases = new Set<string>();
    for (let seed = 1; seed <= 400 && phases.size < PHASES.length; seed++) {
      const history = new History(seed);
      history.play(600);
      for (const phase of history.phases) phases.add(phase);
    }
    expect([...phases].sort()).toEqual(PHASES);
  });
});

const PHASES = [
  "Baking",
  "Deploying",
  "Held",
  "Releasing",
  "Reverted",
  "Reverting",
  "Succeeded",
  "Superseded",
  "Testing",
];
