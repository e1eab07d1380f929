import { describe, expect, test } from "vitest";
import type { MeshWorker } from "../api/generated/sluice-dev.ts";
import { addUser, emptySketch, writeSketch } from "../lib/user-sketch.ts";
import { findingsOf } from "./findings.ts";
import {
  foldWorkers,
  openSession,
  rateOf,
  resumeSession,
  retriedOf,
  type SessionLedger,
  usersHit,
} from "./session-ledger.ts";
import { tripSpec } from "./trip-spec.ts";
import { backendsOf } from "./worker-counts.ts";

const SESSION = "shop-2.1";
const backends = backendsOf("default", "shop-new", "shop-stable");
const START = 1_000_000;

interface Counted {
  readonly requests?: readonly [fresh: number, old: number];
  readonly failures?: readonly [fresh: number, old: number, retried?: number];
  readonly w?: number;
  readonly epoch?: string;
}

/** What one worker has counted up to now. */
function worker({ requests = [0, 0], failures = [0, 0], w = 0.05, epoch = "e1" }: Counted): MeshWorker {
  const row = { session: SESSION, rule: "r", w };
  const [fresh, old] = ["default/shop-new:80", "default/shop-stable:80"];
  const [failedNew, failedOld, retried = 0] = failures;
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "MeshWorker",
    metadata: { name: `mesh-${epoch}`, uid: "", resourceVersion: "1", creationTimestamp: "" },
    status: {
      epoch,
      requests: [
        { ...row, backend: fresh, requests: requests[0], drawn: requests[0] },
        { ...row, backend: old, requests: requests[1], drawn: requests[1] },
      ],
      failures: [
        { ...row, backend: fresh, endpoint: "GET /", failures: failedNew, retried },
        { ...row, backend: old, endpoint: "GET /", failures: failedOld },
      ],
    },
  };
}

const fold = (ledger: SessionLedger, now: number, ...workers: readonly MeshWorker[]): SessionLedger =>
  foldWorkers(ledger, workers, backends, { userTime: START }, now, true);
const findings = (ledger: SessionLedger, ...workers: readonly MeshWorker[]) =>
  findingsOf({ ledger, policy: undefined, versions: { new: "v2", old: "v1" }, w: 0.05, workers });

describe("a session's ledger", () => {
  test("takes in each report once, however often it comes", () => {
    let ledger = openSession(SESSION);
    const report = worker({ requests: [10, 190], failures: [2, 1] });
    for (let i = 0; i < 5; i++) ledger = fold(ledger, START + i * 1000, report);
    expect(findings(ledger).new).toMatchObject({ requests: 10, failures: 2 });
    expect(findings(ledger).old).toMatchObject({ requests: 190, failures: 1 });
  });

  test("adds up the workers, and the runs of one that began anew", () => {
    let ledger = fold(
      openSession(SESSION),
      START,
      worker({ requests: [10, 190] }),
      worker({ requests: [5, 95], epoch: "e2" }),
    );
    ledger = fold(
      ledger,
      START + 1000,
      worker({ requests: [1, 19], epoch: "e3" }),
      worker({ requests: [6, 100], epoch: "e2" }),
    );
    expect(findings(ledger).new.requests).toBe(17);
    expect(findings(ledger).old.requests).toBe(190 + 100 + 19);
  });

  test("a worker that was away comes back without being counted again", () => {
    let ledger = fold(openSession(SESSION), START, worker({ requests: [10, 190] }));
    ledger = fold(ledger, START + 1000);
    ledger = fold(ledger, START + 2000, worker({ requests: [12, 200] }));
    expect(findings(ledger).new.requests).toBe(12);
  });

  test("read back after a crash, the rate is measured anew: what was not counted meanwhile would make it too small", () => {
    let ledger = fold(openSession(SESSION), START, worker({ requests: [0, 0] }));
    ledger = fold(ledger, START + 1000, worker({ requests: [0, 200] }));
    expect(rateOf(ledger)).toEqual({ rate: 200, measured: 1000 });
    const resumed = fold(resumeSession(ledger, SESSION), START + 4000);
    expect(rateOf(resumed)).toEqual({ rate: 0, measured: 0 });
  });

  test("read back from the status after a crash, it is the same as if there had been none", () => {
    const reports = [
      worker({ requests: [3, 50], failures: [1, 0] }),
      worker({ requests: [9, 150], failures: [1, 2] }),
      worker({ requests: [20, 400], failures: [4, 2, 1] }),
    ];
    let live = openSession(SESSION);
    let crashed = openSession(SESSION);
    for (const [i, report] of reports.entries()) {
      live = fold(live, START + i * 45_000, report);
      crashed = fold(resumeSession(JSON.parse(JSON.stringify(crashed)), SESSION), START + i * 45_000, report);
    }
    expect(crashed).toEqual(live);
    expect(resumeSession(crashed, "shop-2.2")).toEqual(openSession("shop-2.2"));
    expect(resumeSession({ version: 9, session: SESSION }, SESSION)).toEqual(openSession(SESSION));
  });

  test("measures the rate of the last ten seconds", () => {
    let ledger = openSession(SESSION);
    for (let s = 0; s <= 30; s++)
      ledger = fold(ledger, START + s * 1000, worker({ requests: [s * 5, s * (s < 20 ? 95 : 195)] }));
    expect(rateOf(ledger).rate).toBeGreaterThan(180);
    expect(rateOf(ledger).measured).toBeLessThanOrEqual(10_000);
    expect(rateOf(openSession(SESSION))).toEqual({ rate: 0, measured: 0 });
  });

  test("knows the users of all workers, and those who saw a failure, once each", () => {
    const sketch = (...seeds: number[]): string => {
      const users = emptySketch();
      for (const seed of seeds) addUser(users, Math.imul(seed, 0x9e3779b1) >>> 0, Math.imul(seed, 0x85ebca6b) >>> 0);
      return writeSketch(users);
    };
    const withUsers = (epoch: string, seeds: number[], hit: string[], hitMore = 0): MeshWorker => {
      const base = worker({ epoch, failures: [3, 0, 1] });
      return {
        ...base,
        status: {
          ...base.status,
          users: [{ session: SESSION, backend: "default/shop-new:80", sketch: sketch(...seeds), hit, hitMore }],
        },
      };
    };
    const ledger = fold(
      openSession(SESSION),
      START,
      withUsers("e1", [1, 2, 3], ["a", "b"]),
      withUsers("e2", [3, 4], ["b", "c"], 4),
    );
    expect(findings(ledger).new.users).toBe(4);
    expect(usersHit(ledger, "new")).toBe(3 + 4);
    expect(retriedOf(ledger)).toBe(2);
  });
});

describe("what the planner is told", () => {
  test("evidence with its words, and no more growth while it is doubtful", () => {
    const doubtful = findings(fold(openSession(SESSION), START, worker({ requests: [20, 380], failures: [2, 0] })));
    expect(doubtful.evidence).toMatchObject({ reached: false, freezes: true, limit: 100, endpoint: "GET /" });
    const clear = findings(fold(openSession(SESSION), START, worker({ requests: [20, 380], failures: [4, 0] })));
    expect(clear.evidence.reached).toBe(true);
    expect(clear.words.accusation).toContain("v2 failed 4 of its 20 requests (20 %)");
  });

  test("a split that is not what was asked for", () => {
    expect(findings(fold(openSession(SESSION), START, worker({ requests: [300, 1700] }))).splitBroken).toBe(true);
    expect(findings(fold(openSession(SESSION), START, worker({ requests: [100, 1900] }))).splitBroken).toBe(false);
  });

  test("a service on fire, measured against what the old version failed while it was alone", () => {
    const before = foldWorkers(
      openSession(SESSION),
      [worker({ w: 0, requests: [0, 1000], failures: [0, 30] })],
      backends,
      {},
      START,
      true,
    );
    const clean = foldWorkers(openSession(SESSION), [worker({ w: 0, requests: [0, 1000] })], backends, {}, START, true);
    const both = worker({ requests: [50, 950], failures: [2, 38], epoch: "e2" });
    expect(findings(fold(before, START, both)).burning).toBe(false);
    expect(findings(fold(clean, START, both)).burning).toBe(true);
    expect(findings(fold(openSession(SESSION), START, both)).burning).toBe(false);
  });

  test("no fire when only the old version burns", () => {
    const clean = foldWorkers(openSession(SESSION), [worker({ w: 0, requests: [0, 1000] })], backends, {}, START, true);
    const old = worker({ requests: [50, 950], failures: [0, 40], epoch: "e2" });
    expect(findings(fold(clean, START, old)).burning).toBe(false);
  });

  test("alone at 100 %, the new version is measured by three times what the old one failed", () => {
    const shared = fold(openSession(SESSION), START, worker({ requests: [500, 500], failures: [1, 1], w: 0.5 }));
    const alone = (failed: number): SessionLedger =>
      foldWorkers(
        shared,
        [worker({ w: 1, requests: [2000, 0], failures: [failed, 0], epoch: "e9" })],
        backends,
        { userTime: START, bakeTime: START },
        START,
        true,
      );
    expect(findings(alone(8)).burning).toBe(false);
    expect(findings(alone(60)).burning).toBe(true);
  });

  test("a trip, with the last request that any worker sent to the new version", () => {
    const trip = (name: string, lastRequest: string): MeshWorker => {
      const base = worker({ epoch: name });
      return {
        ...base,
        status: {
          ...base.status,
          trips: [{ session: SESSION, time: "2026-01-01T00:00:09Z", by: "mesh-1", lastRequest }],
        },
      };
    };
    const workers = [trip("e1", "2026-01-01T00:00:09.100Z"), trip("e2", "2026-01-01T00:00:09.200Z")];
    expect(findings(openSession(SESSION), ...workers).trip).toEqual({
      by: "mesh-1",
      time: "2026-01-01T00:00:09Z",
      lastRequest: "2026-01-01T00:00:09.200Z",
    });
    expect(findings(openSession("shop-2.2"), ...workers).trip).toBeUndefined();
  });
});

test("the mesh is told the limits, and the failures that they contain", () => {
  const ledger = fold(openSession(SESSION), START, worker({ requests: [20, 380], failures: [1, 2] }));
  const spec = tripSpec(ledger, "default/shop-new", 0.05);
  expect(spec.since).toEqual([{ epoch: "e1", endpoint: "GET /", new: 1, old: 2 }]);
  expect(spec.session).toBe(SESSION);
  expect(spec.limits[0]?.failures[0]).toBeGreaterThanOrEqual(2);
});
