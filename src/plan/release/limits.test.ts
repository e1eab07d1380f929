import { expect, test } from "vitest";
import { ReleaseWorld } from "../../../test/support/release-world.ts";
import type { ReleasePolicy, Trip } from "../../api/generated/sluice-dev.ts";
import { type Findings, NO_FINDINGS } from "./findings.ts";

/** What the mesh is told so that it can shut the gate by itself, and what is told when it did. */

const good: Findings = {
  ...NO_FINDINGS,
  rate: 100,
  measured: 3000,
  new: { requests: 3000, failures: 0, retried: 0, users: 800, usersHit: 0 },
  advice: { ...NO_FINDINGS.advice, first: 0.02, next: 0.5, cap: 0.5, affordable: true, ruledOut: true, excess: 0.001 },
};
const bad: Findings = {
  ...good,
  evidence: { ...good.evidence, value: 200, odds: "1:200", reached: true, freezes: true },
  words: { ...good.words, accusation: "v2 failed 5 of its 166 requests (3.0 %)." },
};

function releaseWorld(policy: Partial<ReleasePolicy["spec"]> = {}): ReleaseWorld {
  const world = new ReleaseWorld({ policy: { soak: "10s", bake: "5s", ...policy } });
  world.findings = good;
  return world;
}

const message = (w: ReleaseWorld): string | undefined => w.release.status?.message;

test("a trip is told without evidence that the workers have not reported yet, the receipt with what has come in", () => {
  const w = releaseWorld();
  w.apply("v2");
  w.pass(1000);
  const trip = { by: "mesh-2", time: "2026-01-01T00:00:09Z" };
  w.findings = {
    ...good,
    trip,
    words: { ...good.words, accusation: "Evidence that it is worse 1:13 (limit 1:100)." },
  };
  w.releaseController();
  const told =
    "mesh-2 shut the gate by itself: the failures brought the evidence that it is worse to its limit of 1:100.";
  expect(w.release.status?.decisions?.at(-1)?.why).toBe(told);
  w.findings = { ...bad, trip };
  w.settle();
  expect(w.release.status?.receipt).toContain("v2 failed 5 of its 166 requests");
  expect(w.release.status?.receipt).not.toContain(told);
});

test("the mesh has limits while the two are compared, and none at 100 %, where usual failures would be too many", () => {
  const w = releaseWorld({ soak: "0s", bake: "1h" });
  w.apply("v2");
  const limits = (): boolean => w.all<Trip>("trips").some(({ spec }) => spec.limits.length > 0);
  const seen: string[] = [];
  for (let i = 0; i < 20; i++) {
    w.pass(1000);
    const now = `${w.phase}: ${limits() ? "limits" : "none"}`;
    if (seen.at(-1) !== now) seen.push(now);
  }
  expect(seen).toEqual(["Releasing: limits", "Baking: none"]);
  w.order("abort");
  w.settle();
  expect([w.phase, limits()]).toEqual(["Reverted", false]);
});

test("no user comes before all workers have the limits", () => {
  const w = releaseWorld();
  const late = ["services", "endpointslices", "httproutes", "releasepolicies"];
  w.apply("v2");
  for (let i = 0; i < 60; i++) {
    w.deploymentController();
    w.replicaSetController();
    w.podBecomesReady();
    w.endpointController();
    w.sync(0);
    w.sync(1, late);
    w.releaseController();
  }
  expect([w.weight, message(w)]).toEqual([
    0,
    "at 0 %: 3,000 requests seen, nothing wrong; to 2 % as soon as the mesh has the limits in force",
  ]);
  w.settle();
  expect(w.release.status?.weightText).toBe("2 %");
});
