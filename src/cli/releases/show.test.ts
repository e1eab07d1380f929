import { expect, test } from "vitest";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { releaseHistory, releaseReasons, releaseSummary } from "./show.ts";

const START = "2026-01-01T00:00:00Z";
const now = Date.parse(START) + 90_000;

const release = (status: Release["status"]): Release =>
  ({
    metadata: { name: "web-2", creationTimestamp: START },
    spec: { targetRef: { name: "web" }, version: "1.3.0", fromVersion: "1.2.0" },
    ...(status && { status }),
  }) as Release;

const reverted = release({
  phase: "Reverted",
  weight: 0,
  weightText: "0 %",
  startTime: START,
  endTime: "2026-01-01T00:01:05Z",
  new: { requests: 40, failures: 3, users: 38, usersHit: 3 },
  old: { requests: 4000, failures: 0, users: 900, usersHit: 0 },
  evidence: { odds: "8000:1", endpoint: "GET /menu" },
  receipt: "Reverted to 1.2.0 after 9 s.",
  decisions: [
    { time: START, weight: 0, what: "Deploying", why: "a new template" },
    { time: "2026-01-01T00:00:20Z", weight: 0.7, what: "weight 0.7 %", why: "the first users" },
  ],
});

test("a summary says versions, phase, weight, counts and evidence", () => {
  expect(releaseSummary(reverted, now)).toBe(`Release:      web-2
Version:      1.2.0 → 1.3.0
Phase:        Reverted
Weight:       0 %
Age:          90s
New version:  40 requests, 3 failed; 38 users, 3 saw a failure
Old version:  4000 requests, 0 failed; 900 users, 0 saw a failure
Evidence that the new version is worse: 8000:1 (GET /menu)
Reverted to 1.2.0 after 9 s.
`);
});

test("a summary says why a release is held, and what it waits for", () => {
  const held = release({ phase: "Held", held: { reason: "Paused", from: "Testing" }, message: "waits for resume" });
  expect(releaseSummary(held, now)).toContain("Phase:        Held (Paused)\n");
  expect(releaseSummary(held, now)).toMatch(/waits for resume\n$/);
});

test("a history has a line for each release", () => {
  const lines = releaseHistory([reverted, release(undefined)]).split("\n");
  expect(lines[0]).toMatch(/^NAME +VERSION +FROM +PHASE +WEIGHT +REQUESTS +FAILED +USERS-HIT +STARTED +TOOK$/);
  expect(lines[1]).toMatch(/^web-2 +1\.3\.0 +1\.2\.0 +Reverted +0 % +40 +3 +3 +2026-01-01T00:00:00Z +65s$/);
  expect(lines[2]).toMatch(/^web-2 +1\.3\.0 +1\.2\.0 +Deploying +0 % +0 +0 +0 /);
});

test("the reasons are the receipt and each decision", () => {
  expect(releaseReasons(reverted)).toBe(`Reverted to 1.2.0 after 9 s.

TIME                   WEIGHT   DECISION       WHY
2026-01-01T00:00:00Z   0 %      Deploying      a new template
2026-01-01T00:00:20Z   0.7 %    weight 0.7 %   the first users
`);
  expect(releaseReasons(release(undefined))).toBe("Nothing has been decided yet.\n");
});
