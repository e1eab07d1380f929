import { describe, expect, test } from "vitest";
import { ReleaseWorld } from "../../../test/support/release-world.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { gateOf, isShut } from "../gate/gate.ts";
import { type Findings, NO_FINDINGS } from "./findings.ts";

const QUICK = { soak: "10s", bake: "5s" };
/** Traffic that speaks for the new version. */
const good: Findings = {
  ...NO_FINDINGS,
  rate: 100,
  measured: 3000,
  new: { requests: 3000, failures: 0, retried: 0, users: 800, usersHit: 0 },
  advice: { ...NO_FINDINGS.advice, first: 0.02, next: 0.5, cap: 0.5, affordable: true, ruledOut: true, excess: 0.001 },
  words: { ...NO_FINDINGS.words, clearance: "3,000 requests, 0 failed.", excess: "0.10 points" },
};
const bad: Findings = {
  ...good,
  new: { requests: 166, failures: 5, retried: 2, users: 90, usersHit: 3 },
  evidence: { ...good.evidence, value: 200, odds: "1:200", reached: true, freezes: true },
  words: { ...good.words, accusation: "v2 failed 5 of its 166 requests (3.0 %)." },
};

function world(policy: Partial<ReleasePolicy["spec"]> = {}, findings: Findings = good, replicas = 3): ReleaseWorld {
  const made = new ReleaseWorld({ policy: { ...QUICK, ...policy }, replicas });
  made.findings = findings;
  return made;
}

/** Phases and weights as they follow each other, one look a second. */
function watch(w: ReleaseWorld, seconds: number): string[] {
  const seen: string[] = [];
  for (let i = 0; i < seconds; i++) {
    w.pass(1000);
    const now = `${w.phase} ${w.release.status?.weightText}`;
    if (seen.at(-1) !== now) seen.push(now);
  }
  return seen;
}

const message = (w: ReleaseWorld): string | undefined => w.release.status?.message;

describe("at rest", () => {
  test("everything goes to the released version by the rule", () => {
    const w = world();
    expect(w.weight).toBe(0);
    expect([...w.served()]).toEqual(["shop:v1"]);
    expect(w.policy?.status).toMatchObject({
      steps: "auto",
      services: ["shop"],
      routes: ["shop-80-release"],
      conditions: [{ type: "Ready", status: "True", reason: "InPlace" }],
    });
    expect(w.policy?.metadata.finalizers).toEqual(["sluice.dev/release"]);
  });

  test("nothing is left to do", () => {
    const w = world();
    expect(w.releaseController()).toBe(false);
    expect(w.lastPlan?.actions).toEqual([]);
  });

  test("an ordinary rollout is followed: users go to whatever is ready", () => {
    const w = new ReleaseWorld({ gated: false });
    w.addPolicy({});
    w.broken.add("v1");
    w.settle();
    expect([...w.served()]).toEqual(["shop:v1"]);
  });
});

describe("a good version", () => {
  test("goes all the way", () => {
    const w = world();
    w.apply("v2");
    expect(isShut(w.deployment)).toBe(true);
    expect(watch(w, 40)).toEqual(["Releasing 2 %", "Releasing 50 %", "Baking 100 %", "Succeeded 100 %"]);
    expect(w.release.status?.receipt).toBe(
      "Released v2 to everyone after 10 s and baked for 5 s. 3,000 requests, 0 failed. Touched: 3,000 requests of 800 users; none failed.",
    );
    expect(isShut(w.deployment)).toBe(false);
    expect(w.deployment.spec.strategy?.rollingUpdate).toEqual({ maxUnavailable: "25%", maxSurge: "25%" });
    expect([w.readyOf("v2").length, w.podsOf("v1").length]).toEqual([3, 0]);
    expect([...w.served()]).toEqual(["shop:v2"]);
    expect(w.stableVersion).toBe("v2");
  });

  test("is dark until it is tested, with the pods that the policy says", () => {
    const w = world({ dark: { replicas: 2 } }, { ...good, measured: 0 });
    w.apply("v2");
    w.settle();
    expect(w.phase).toBe("Testing");
    expect(w.readyOf("v2")).toHaveLength(2);
    expect([...w.served()]).toEqual(["shop:v1"]);
    expect(message(w)).toBe("tests passed; measures the traffic to choose the first weight");
  });

  test("has its pods before its weight, and the old version keeps all of its own", () => {
    const w = world({ steps: [{ weight: 10 }, { weight: 50, for: "1h" }] }, good, 4);
    w.apply("v2");
    w.broken.add("v2");
    w.settle();
    w.broken.clear();
    w.podBecomesReady();
    for (let i = 0; i < 200; i++) {
      w.deploymentController();
      w.replicaSetController();
      w.endpointController();
      w.syncAll();
      w.releaseController();
      const share = w.weight ?? 0;
      expect(w.readyOf("v2").length).toBeGreaterThanOrEqual(Math.ceil(4 * share));
      expect(w.readyOf("v1")).toHaveLength(4);
      if (i % 20 === 0) w.podBecomesReady();
    }
    expect(w.weight).toBe(0.5);
  });

  test("leaves a history, which is kept as long as the Deployment keeps its own", () => {
    const w = world({ soak: "0s", bake: "0s" });
    w.write((d) => ({ ...d, spec: { ...d.spec, revisionHistoryLimit: 2 } }));
    for (const version of ["v2", "v3", "v4"]) {
      w.apply(version);
      w.pass(30_000);
    }
    expect(
      w
        .all<Release>("releases")
        .map(({ metadata, spec, status }) => [metadata.name, spec.fromVersion, spec.version, status?.phase]),
    ).toEqual([
      ["shop-3", "v2", "v3", "Succeeded"],
      ["shop-4", "v3", "v4", "Succeeded"],
    ]);
  });
});

describe("a bad version", () => {
  test("is taken back: weight 0 first, then template and values, with a receipt", () => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    w.findings = bad;
    w.releaseController();
    expect(w.phase).toBe("Reverting");
    expect(w.weight).toBe(0);
    expect(w.image).toBe("v2");
    w.settle();
    expect(w.phase).toBe("Reverted");
    expect(w.image).toBe("v1");
    expect([w.readyOf("v1").length, w.podsOf("v2").length]).toEqual([3, 0]);
    expect(w.release.status?.receipt).toBe(
      "Reverted to v1 after 0 ms. v2 failed 5 of its 166 requests (3.0 %). " +
        "Touched: 166 requests of 90 users; 5 failed, 2 of them were answered by v1 after all; 3 users saw a failure.",
    );
    expect(w.events).toContain("Deployment ReleaseReverted");
  });

  test("is kept dark when the policy says Hold, until somebody decides", () => {
    const w = world({ onFailure: "Hold" });
    w.apply("v2");
    w.pass(1000);
    w.findings = bad;
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Held", held: { reason: "Failed", from: "Releasing" }, weight: 0 });
    expect(w.readyOf("v2").length).toBeGreaterThan(0);
    expect([...w.served()]).toEqual(["shop:v1"]);
    w.findings = good;
    w.order("retry");
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Releasing", attempt: 2 });
    w.order("abort");
    w.settle();
    expect(w.phase).toBe("Reverted");
  });

  test("promoted though it has failed, it begins with a weight that fits the traffic, not before that is known", () => {
    const w = world({ onFailure: "Hold" });
    w.apply("v2");
    w.pass(1000);
    w.findings = bad;
    w.settle();
    w.findings = { ...good, measured: 0, advice: { ...good.advice, first: 0.2 } };
    w.order("promote");
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Releasing", attempt: 2, weight: 0 });
    expect(message(w)).toBe("measures the traffic to choose the first weight");
    w.findings = good;
    w.pass(1000);
    expect(w.release.status?.weightText).toBe("2 %");
  });

  const rules: readonly [string, (w: ReleaseWorld) => void, string][] = [
    ["a new pod restarts", (w) => w.crash("v2"), "restarted: it had exited with code 7"],
    ["a new pod is no longer ready", (w) => w.loseReadiness("v2"), "is no longer ready"],
    [
      "the service burns its budget",
      (w) => (w.findings = { ...good, burning: true }),
      "The service burns its failure budget",
    ],
    [
      "the mesh has shut the gate",
      (w) =>
        (w.findings = {
          ...good,
          trip: {
            by: "mesh-2",
            time: "2026-01-01T00:00:09Z",
            endpoint: "GET /",
            lastRequest: "2026-01-01T00:00:09.123Z",
          },
        }),
      "mesh-2 shut the gate by itself: the failures on GET / brought the evidence that it is worse to its limit of 1:100.",
    ],
  ];
  test.each(rules)("ends when %s", (_, happen, why) => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    happen(w);
    w.releaseController();
    w.settle();
    expect(w.phase).toBe("Reverted");
    expect(w.release.status?.progress?.why).toContain(why);
  });

  test("somebody who deletes a new pod is not the version's fault", () => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    w.deletePod(w.readyOf("v2")[0]!.metadata.name);
    w.settle();
    expect(w.phase).toBe("Releasing");
    expect(w.readyOf("v2").length).toBeGreaterThan(0);
  });

  test("at 100 % the rules and the guard still hold", () => {
    const w = world({ soak: "0s", bake: "1h" });
    w.apply("v2");
    w.pass(10_000);
    expect(w.phase).toBe("Baking");
    w.findings = { ...good, burning: true };
    w.settle();
    expect(w.phase).toBe("Reverted");
    expect([...w.served()]).toEqual(["shop:v1"]);
  });
});

describe("a version that cannot start", () => {
  test("holds the release, and goes on when it can", () => {
    const w = world();
    w.broken.add("v2");
    w.apply("v2");
    w.settle();
    expect(message(w)).toBe("dark: 0 of 1 pod ready, no user on it; then tests");
    w.loseImage("v2");
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Held", held: { reason: "Stuck" } });
    expect(message(w)).toContain('Image "shop:v2"');
    expect(message(w)).toContain("kubectl rollout undo deployment/shop -n default");
    w.loseImage("v2", true);
    w.settle();
    expect(w.phase).toBe("Releasing");
  });
});

describe("smoke requests", () => {
  const smoke = [{ get: "/health" }, { get: "/restaurants/1", expect: { status: 200, bodyContains: "Ajanta" } }];

  test("come one after the other to a dark pod, with the testers' header", () => {
    const w = world({ smoke, testers: [{ header: { name: "testuser", regex: ".+" } }] });
    w.apply("v2");
    w.settle();
    expect(w.smoke.map(({ get }) => get)).toEqual(["/health", "/restaurants/1"]);
    expect(w.release.status?.progress?.smoke).toMatchObject([
      { get: "/health", ok: true },
      { get: "/restaurants/1", ok: true },
    ]);
    expect(w.phase).toBe("Releasing");
  });

  test("one that goes wrong ends the release before any user is on it", () => {
    const w = world({ smoke });
    w.broken.add("smoke /restaurants/1");
    w.apply("v2");
    w.settle();
    expect(w.phase).toBe("Reverted");
    expect(w.release.status?.receipt).toMatch(
      /^Reverted to v1 after \d+ m?s\. Smoke request GET \/restaurants\/1 to pod shop-\S+: failed\./,
    );
    expect(w.release.status?.releaseTime).toBeUndefined();
  });
});

describe("testers", () => {
  test("reach the new version by a rule of their own, only while there is one to test", () => {
    const w = world({ testers: [{ header: { name: "testuser", regex: ".+" } }], steps: [{ pause: {} }] });
    const rules = (): unknown =>
      (w.all("httproutes")[0] as { spec?: { rules?: { name: string }[] } }).spec?.rules?.map(({ name }) => name);
    expect(rules()).toEqual(["release"]);
    w.apply("v2");
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Held", held: { reason: "Step", from: "Testing" } });
    expect(rules()).toEqual(["testers", "release"]);
    expect([...w.served()]).toEqual(["shop:v1"]);
    w.order("abort");
    w.settle();
    expect(rules()).toEqual(["release"]);
  });
});

describe("steps as written", () => {
  const steps = [{ weight: 1, requests: 500 }, { weight: 25, for: "2m" }, { pause: {} }];

  test("are held until requests and time have passed, then waits for promote", () => {
    const w = world({ steps, soak: "0s" }, { ...good, new: { ...good.new, requests: 0 } });
    w.apply("v2");
    w.settle();
    expect(w.release.status).toMatchObject({ weightText: "1 %", step: 0 });
    expect(message(w)).toBe(
      "at 1 %: 0 requests seen, nothing wrong; step 1 of 3: 0 of 500 requests of this step; next look in 1 s",
    );
    w.findings = { ...good, new: { ...good.new, requests: 499 } };
    w.pass(1000);
    expect(w.release.status?.weightText).toBe("1 %");
    w.findings = good;
    w.pass(1000);
    expect(w.release.status).toMatchObject({ weightText: "25 %", step: 1 });
    w.pass(119_000);
    expect(w.phase).toBe("Releasing");
    w.pass(2000);
    expect(w.release.status).toMatchObject({ phase: "Held", held: { reason: "Step" }, step: 2, weightText: "25 %" });
    w.order("promote");
    w.settle();
    expect(w.phase).toBe("Baking");
  });

  test("a pause with a time goes on by itself", () => {
    const w = world({ steps: [{ pause: { for: "30s" } }, { weight: 5, for: "1h" }] });
    w.apply("v2");
    w.pass(29_000);
    expect(w.phase).toBe("Held");
    w.pass(2000);
    expect(w.release.status).toMatchObject({ phase: "Releasing", weightText: "5 %" });
  });

  test("soak holds before 100 % here too", () => {
    const w = world({ steps: [{ weight: 5 }], soak: "1m" });
    w.apply("v2");
    w.pass(50_000);
    expect(w.release.status?.weightText).toBe("5 %");
    w.pass(20_000);
    expect(w.phase).not.toBe("Releasing");
  });

  test("steps that mean nothing stop the release and say so", () => {
    const w = world({ steps: [{ weight: 101 }] as never });
    w.apply("v2");
    w.settle();
    expect(message(w)).toBe(
      "tests passed, no user yet: spec.steps[0]: weight must be a number from 0 to 100; waits for the policy to be mended, or promote --full",
    );
    expect(w.policy?.status?.conditions?.[0]).toMatchObject({ status: "Unknown", reason: "InvalidSteps" });
    w.editPolicy({ steps: [{ weight: 5, for: "1h" }] });
    w.settle();
    expect(w.release.status?.weightText).toBe("5 %");
  });
});

describe("weights by themselves", () => {
  test("do not grow while the evidence says it may be worse", () => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    w.findings = {
      ...good,
      new: { ...good.new, failures: 2 },
      evidence: { ...good.evidence, value: 7, odds: "1:7", freezes: true },
    };
    w.pass(30_000);
    expect(w.release.status?.weightText).toBe("2 %");
    expect(message(w)).toBe(
      "at 2 %: 3,000 requests seen, 2 failed, evidence that it is worse 1:7 (limit 1:100): the weight stays until it is below 1:5",
    );
  });

  test("do not grow while nothing but failures is known of it, whatever the budget allows", () => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    w.findings = { ...good, new: { ...good.new, requests: 1, failures: 1 } };
    w.pass(30_000);
    expect(w.release.status?.weightText).toBe("2 %");
    w.findings = good;
    w.pass(30_000);
    expect(w.release.status?.weightText).not.toBe("2 %");
  });

  test("say how many requests they wait for", () => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    w.findings = { ...good, new: { ...good.new, requests: 312 }, advice: { ...good.advice, requestsForNext: 600 } };
    w.pass(1000);
    expect(message(w)).toBe("at 2 %: 312 of about 600 requests seen, nothing wrong; next look in 1 s");
  });

  test("go on after patience with what could not be ruled out, and say so", () => {
    const w = world({ patience: "1m" });
    w.apply("v2");
    w.pass(10_000);
    w.findings = {
      ...good,
      advice: { ...good.advice, ruledOut: false, excess: 0.02 },
      words: { ...good.words, excess: "2.0 points" },
    };
    w.pass(20_000);
    expect(message(w)).toMatch(
      /^at 50 %: 3,000 requests seen, nothing wrong; to 100 % when more than 0.3 points of excess are ruled out \(2.0 points now; patience ends in \d+ s\)\.$/,
    );
    w.pass(40_000);
    expect(w.release.status?.decisions?.map(({ why }) => why)).toContain(
      "patience is over: that it fails up to 2.0 points more often could not be ruled out",
    );
    expect(w.phase).not.toBe("Releasing");
  });

  test("stop when the traffic is not split as asked, until somebody decides", () => {
    const w = world();
    w.apply("v2");
    w.pass(1000);
    w.findings = { ...good, splitBroken: true };
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Held", held: { reason: "Split" }, weightText: "2 %" });
    w.order("resume");
    w.pass(6000);
    expect(w.release.status).toMatchObject({ phase: "Releasing", weightText: "50 %" });
  });
});

describe("orders", () => {
  const releasing = (policy: Partial<ReleasePolicy["spec"]> = { soak: "1h", bake: "1h" }): ReleaseWorld => {
    const w = world(policy);
    w.apply("v2");
    w.settle();
    return w;
  };

  test("pause and resume", () => {
    const w = releasing();
    w.order("pause");
    w.settle();
    expect(w.release.status).toMatchObject({
      phase: "Held",
      held: { reason: "Paused", from: "Releasing" },
      weightText: "2 %",
    });
    w.pass(60_000);
    expect(w.release.status?.weightText).toBe("2 %");
    w.order("resume");
    w.releaseController();
    expect(message(w)).toBe("resumed by ann");
    w.settle();
    expect(w.phase).toBe("Releasing");
    expect(message(w)).toMatch(/^at 50 %: /);
  });

  test("a held release with users on it ends on evidence all the same", () => {
    const w = releasing();
    w.order("pause");
    w.settle();
    w.findings = bad;
    w.settle();
    expect(w.phase).toBe("Reverted");
  });

  test("promote goes one step on, without asking the budget", () => {
    const w = releasing();
    w.findings = { ...good, advice: { ...good.advice, next: 0.02 } };
    w.order("promote");
    w.settle();
    expect(w.release.status?.weightText).toBe("3 %");
  });

  test("promote --full goes to everyone, pods first", () => {
    const w = releasing();
    w.order("promote-full");
    w.settle();
    expect(w.release.status).toMatchObject({ phase: "Baking", weightText: "100 %" });
    expect(w.readyOf("v2")).toHaveLength(3);
    w.order("promote");
    w.settle();
    expect(w.phase).toBe("Succeeded");
  });

  test("abort gives what undo gives", () => {
    const [aborted, undone] = [releasing(), releasing()];
    aborted.order("abort");
    aborted.settle();
    undone.undo("v1");
    undone.settle();
    expect([aborted.image, aborted.phase]).toEqual([undone.image, undone.phase]);
    expect(aborted.deployment.spec).toEqual(undone.deployment.spec);
    expect(aborted.release.status?.receipt).toContain("Aborted by ann.");
    expect(undone.release.status?.receipt).toContain("The released template was put back.");
  });

  test("what cannot be done now is said, once", () => {
    const w = releasing();
    w.order("resume");
    w.settle();
    expect(w.release.status?.decisions?.at(-1)).toMatchObject({ what: "resume: nothing done", why: "it is not held" });
    w.order("abort");
    w.settle();
    w.order("promote");
    w.settle();
    expect(w.release.status?.decisions?.at(-1)).toMatchObject({
      what: "promote: nothing done",
      why: "the release has ended",
    });
  });

  test("retry is refused when the Deployment is not at rest, or another release came", () => {
    const w = releasing();
    w.order("abort");
    w.settle();
    w.apply("v3");
    w.settle();
    w.orderTo("shop-2", "retry");
    w.settle();
    expect(w.get<Release>("releases", "shop-2")?.status?.decisions?.at(-1)).toMatchObject({
      what: "retry: nothing done",
      why: "release shop-4 is under way",
    });
  });

  test("retry of one that was reverted deploys its template again, behind the gate", () => {
    const w = releasing();
    w.order("abort");
    w.settle();
    w.order("retry");
    w.settle();
    expect(w.all<Release>("releases").map(({ status }) => status?.phase)).toEqual(["Reverted", "Releasing"]);
    expect(w.image).toBe("v2");
  });
});

describe("around a release", () => {
  test("scaling keeps the old version whole and the new one large enough", () => {
    const w = world({ steps: [{ weight: 50, for: "1h" }] });
    w.apply("v2");
    w.settle();
    for (const replicas of [6, 2, 5, 1, 4]) {
      w.scale(replicas);
      w.settle();
      expect(w.readyOf("v1").length).toBeGreaterThanOrEqual(replicas);
      expect(w.readyOf("v2").length).toBeGreaterThanOrEqual(Math.ceil(replicas / 2));
      expect(w.phase).toBe("Releasing");
    }
  });

  test("a paused Deployment keeps the weight that it has", () => {
    const w = world({ steps: [{ weight: 10, for: "5s" }, { weight: 100 }], soak: "0s" });
    w.apply("v2");
    w.settle();
    w.pause(true);
    w.pass(20_000);
    expect(w.release.status?.weightText).toBe("10 %");
    expect(message(w)).toContain("the Deployment is paused (kubectl rollout resume)");
    w.pause(false);
    w.pass(2000);
    expect(w.phase).toBe("Baking");
  });

  test("values that the user writes meanwhile are the ones that come back", () => {
    const w = world({ soak: "0s", bake: "0s" });
    w.apply("v2");
    w.settle();
    w.write((d) => ({ ...d, spec: { ...d.spec, minReadySeconds: 4 } }));
    expect(gateOf(w.deployment)?.user.minReadySeconds).toBe(4);
    w.pass(30_000);
    expect(w.deployment.spec.minReadySeconds).toBe(4);
  });

  test("undone in the moment of its end, users are on the old pods again", () => {
    const w = world({ soak: "0s", bake: "0s", steps: [{ weight: 100 }] });
    w.apply("v2");
    for (let i = 0; i < 300 && isShut(w.deployment); i++) {
      w.deploymentController();
      w.replicaSetController();
      w.podBecomesReady();
      w.endpointController();
      w.syncAll();
      w.releaseController();
    }
    w.undo("v1");
    expect(isShut(w.deployment)).toBe(false);
    w.settle();
    expect(w.phase).toBe("Reverted");
    expect([...w.served()]).toEqual(["shop:v1"]);
    expect(w.readyOf("v1")).toHaveLength(3);
  });

  test("a policy that is deleted while another stands in goes at once, and the release goes on", () => {
    const w = world({ soak: "1h" });
    w.addPolicy({ soak: "1h", onFailure: "Hold" }, "shop-b");
    w.apply("v2");
    w.pass(1000);
    w.deletePolicy();
    w.settle();
    expect(w.policy).toBeUndefined();
    expect(w.phase).toBe("Releasing");
    w.findings = bad;
    w.settle();
    expect(w.phase).toBe("Held");
  });

  test("at the end it is said to be at 100 % until it is over", () => {
    const w = world({ soak: "0s", bake: "0s", steps: [{ weight: 100 }] });
    w.apply("v2");
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      w.deploymentController();
      w.replicaSetController();
      w.podBecomesReady();
      w.endpointController();
      w.syncAll();
      w.podsVanish();
      w.releaseController();
      if (w.release?.status?.bakeTime) seen.add(w.release.status.weightText ?? "");
    }
    expect(w.phase).toBe("Succeeded");
    expect([...seen]).toEqual(["100 %"]);
  });

  test("a deleted Deployment takes its rule along", () => {
    const w = world();
    w.apply("v2");
    w.settle();
    w.removeDeployment();
    w.settle();
    expect(w.all("httproutes")).toEqual([]);
    expect(w.release.status).toMatchObject({ phase: "Superseded", message: "The Deployment was deleted." });
    expect(w.policy?.status?.conditions?.[0]).toMatchObject({ status: "False", reason: "TargetNotFound" });
  });
});
