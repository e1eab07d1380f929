import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import type { Lease } from "../api/generated/coordination-v1.ts";
import { StatusError } from "../api/status-error.ts";
import { silentLogger } from "../observe/logger.ts";
import type { ApiClient } from "./api-client.ts";
import { LeaderElection } from "./lease.ts";

/** One Lease on a server that can be made to fail or to hang, for each candidate by itself. */
class LeaseServer {
  lease: Lease | undefined;
  #version = 0;

  client(trouble: () => "fail" | "hang" | undefined = () => undefined): ApiClient {
    const call = async <T>(answer: () => T): Promise<T> => {
      const kind = trouble();
      if (kind === "hang") await new Promise(() => undefined);
      if (kind === "fail") throw new StatusError("ServiceUnavailable", "down");
      return answer();
    };
    const store = (lease: Lease): Lease => {
      this.#version += 1;
      const metadata = { ...lease.metadata, resourceVersion: String(this.#version) };
      this.lease = { ...lease, metadata };
      return this.lease;
    };
    const methods = {
      get: () =>
        call(() => {
          if (!this.lease) throw new StatusError("NotFound", "no lease");
          return this.lease;
        }),
      create: (_: unknown, lease: Lease) =>
        call(() => {
          if (this.lease) throw new StatusError("AlreadyExists", "there is one");
          return store(lease);
        }),
      update: (_: unknown, lease: Lease) =>
        call(() => {
          if (!this.lease) throw new StatusError("NotFound", "no lease");
          if (lease.metadata.resourceVersion !== this.lease.metadata.resourceVersion)
            throw new StatusError("Conflict", "changed");
          return store(lease);
        }),
    };
    return { ...new ScriptedClient().client, ...methods } as ApiClient;
  }
}

class Candidate {
  readonly election: LeaderElection;
  readonly #stop = new AbortController();
  readonly run: Promise<void>;
  leading = 0;
  terms = 0;
  finish: () => void = () => undefined;

  constructor(
    server: LeaseServer,
    clock: FakeClock,
    identity: string,
    trouble?: () => "fail" | "hang" | undefined,
    seed = 1,
  ) {
    this.election = new LeaderElection(server.client(trouble), {
      lease: { namespace: "n", name: "l" },
      identity,
      clock,
      random: seededRandom(seed),
      log: silentLogger,
    });
    this.run = this.election.run(async (signal) => {
      this.leading += 1;
      this.terms += 1;
      await new Promise<void>((resolve) => {
        this.finish = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      this.leading -= 1;
    }, this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.run;
  }
}

describe("LeaderElection", () => {
  let clock: FakeClock;
  let server: LeaseServer;

  beforeEach(() => {
    clock = new FakeClock();
    server = new LeaseServer();
  });

  it("creates the lease, keeps it, and gives it back", async () => {
    const a = new Candidate(server, clock, "a");
    await clock.advance(0);
    expect(a.leading).toBe(1);
    expect(server.lease).toMatchObject({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { namespace: "n", name: "l" },
      spec: {
        holderIdentity: "a",
        leaseDurationSeconds: 15,
        acquireTime: "2026-01-01T00:00:00.000000Z",
        renewTime: "2026-01-01T00:00:00.000000Z",
        leaseTransitions: 0,
      },
    });
    await clock.advance(2000);
    expect(server.lease?.spec).toMatchObject({
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:02.000000Z",
    });
    await a.stop();
    expect(server.lease?.spec).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect(clock.pending).toBe(0);
  });

  it("ends when the work is done, and lets the next one in at once", async () => {
    const a = new Candidate(server, clock, "a");
    await clock.advance(0);
    const b = new Candidate(server, clock, "b");
    await clock.advance(20_000);
    expect([a.leading, b.leading]).toEqual([1, 0]);
    a.finish();
    await a.run;
    await clock.advance(4400);
    expect(b.leading).toBe(1);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
    await b.stop();
    expect(clock.pending).toBe(0);
  });

  it("takes over from one who is gone after the lease has not changed for its duration, whatever the times in it say", async () => {
    const dead = { holderIdentity: "dead", leaseDurationSeconds: 15, leaseTransitions: 4 };
    const metadata = { namespace: "n", name: "l", uid: "u", resourceVersion: "7", creationTimestamp: "" };
    for (const renewTime of ["1999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"]) {
      server.lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: { ...dead, renewTime } };
      const b = new Candidate(server, clock, "b");
      await clock.advance(14_999);
      expect([b.leading, b.election.holder]).toEqual([0, "dead"]);
      await clock.advance(4401);
      expect(b.leading).toBe(1);
      expect(server.lease?.spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 5 });
      await b.stop();
    }
  });

  it("goes on with its own lease after a restart, without waiting", async () => {
    const before = new Candidate(server, clock, "a");
    await clock.advance(0);
    const lease = server.lease;
    await before.stop();
    server.lease = lease;
    const after = new Candidate(server, clock, "a");
    await clock.advance(0);
    expect(after.leading).toBe(1);
    expect(server.lease?.spec.leaseTransitions).toBe(0);
    await after.stop();
  });

  it.each(["fail", "hang"] as const)(
    "stops leading when renewals %s until the deadline, and leads again when they succeed",
    async (kind) => {
      let trouble: typeof kind | undefined;
      const a = new Candidate(server, clock, "a", () => trouble);
      await clock.advance(3000);
      trouble = kind;
      // The last renewal was at 2 s, the deadline is 10 s after it.
      await clock.advance(8999);
      expect(a.leading).toBe(1);
      await clock.advance(1);
      expect(a.leading).toBe(0);
      trouble = undefined;
      await clock.advance(10_000 + 4400);
      expect([a.leading, a.terms]).toEqual([1, 2]);
      await a.stop();
      expect(clock.pending).toBe(0);
    },
  );

  it("can be stopped while its calls hang", async () => {
    const a = new Candidate(server, clock, "a", () => "hang");
    await clock.advance(1000);
    await a.stop();
    expect(clock.pending).toBe(0);
  });

  it("stops leading at once when another one holds the lease", async () => {
    const a = new Candidate(server, clock, "a");
    await clock.advance(0);
    const { lease } = server;
    server.lease = {
      ...lease!,
      metadata: { ...lease!.metadata, resourceVersion: "99" },
      spec: { ...lease!.spec, holderIdentity: "thief" },
    };
    await clock.advance(2000);
    expect(a.leading).toBe(0);
    expect(a.election.holder).toBe("thief");
    await a.stop();
  });

  it("makes the lease anew when somebody has deleted it", async () => {
    const a = new Candidate(server, clock, "a");
    await clock.advance(0);
    server.lease = undefined;
    await clock.advance(2000);
    expect(a.leading).toBe(1);
    expect(server.lease).toMatchObject({ spec: { holderIdentity: "a" } });
    await a.stop();
  });

  it("never lets two lead at once, however their calls fail, and always one when they work", async () => {
    const troubles = fc.array(fc.array(fc.constantFrom("fail", undefined), { minLength: 3, maxLength: 3 }), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(troubles, fc.integer(), async (schedule, seed) => {
        const time = new FakeClock();
        const shared = new LeaseServer();
        let now: readonly ("fail" | undefined)[] = [];
        const candidates = ["a", "b", "c"].map(
          (identity, i) => new Candidate(shared, time, identity, () => now[i], seed + i),
        );
        for (now of schedule) {
          await time.advance(2500);
          expect(candidates.reduce((sum, candidate) => sum + candidate.leading, 0)).toBeLessThanOrEqual(1);
        }
        now = [];
        await time.advance(30_000);
        expect(candidates.reduce((sum, candidate) => sum + candidate.leading, 0)).toBe(1);
        await Promise.all(candidates.map((candidate) => candidate.stop()));
        expect(time.pending).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
