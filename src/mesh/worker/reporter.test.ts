import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { ScriptedClient } from "../../../test/support/scripted-client.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { silentLogger } from "../../observe/logger.ts";
import { Reporter } from "./reporter.ts";

/** An API that knows one MeshWorker, or fails as told. */
class Api {
  readonly calls: string[] = [];
  known = false;
  fails: Error | undefined;
  /** Set: writes wait for it. */
  gate: Promise<void> | undefined;

  get client(): ApiClient {
    const step = async (call: string, act: () => void): Promise<never> => {
      this.calls.push(call);
      await this.gate;
      if (this.fails) throw this.fails;
      act();
      return undefined as never;
    };
    return {
      ...new ScriptedClient().client,
      create: () => step("create", () => (this.known = true)),
      delete: () => step("delete", () => (this.known = false)),
      patch: (_resource, _name, _namespace, { body }) => {
        const {
          epoch: _e,
          pid: _p,
          startTime: _s,
          renewTime,
          leaseSeconds: _l,
          ...parts
        } = (body as { status: Record<string, unknown> }).status;
        return step(`${String(renewTime).slice(14, 23)} ${Object.keys(parts).join(" ")}`.trim(), () => {
          if (!this.known) throw new StatusError("NotFound", "gone");
        });
      },
    };
  }
}

describe("Reporter", () => {
  let clock: FakeClock;
  let api: Api;
  let reporter: Reporter;

  beforeEach(async () => {
    clock = new FakeClock();
    api = new Api();
    reporter = new Reporter({
      client: api.client,
      clock,
      log: silentLogger,
      name: "mesh-1",
      run: { epoch: "e", pid: 1, startTime: "t" },
      serving: () => ({ applied: {} }),
      ledger: () => ({ requests: [] }),
    });
    reporter.start();
    await clock.advance(0);
  });

  test("makes its object and says everything, then once a second that it lives", async () => {
    await clock.advance(2_000);
    expect(api.calls).toEqual(["create", "00:00.000 applied requests", "00:01.000", "00:02.000"]);
  });

  test("says at once what somebody waits for", async () => {
    await clock.advance(100);
    reporter.now("serving");
    await clock.advance(0);
    expect(api.calls.slice(2)).toEqual(["00:00.100 applied"]);
  });

  test("says the ledger within 200 ms, once for many changes", async () => {
    for (let i = 0; i < 5; i++) {
      reporter.soon();
      await clock.advance(30);
    }
    await clock.advance(200);
    expect(api.calls.slice(2)).toEqual(["00:00.200 requests"]);
  });

  test("what changes during a write goes with the next, at once when somebody waits", async () => {
    const gate = Promise.withResolvers<void>();
    api.gate = gate.promise;
    reporter.now("serving");
    reporter.now("ledger");
    reporter.now("ledger");
    await clock.advance(10);
    expect(api.calls.slice(2)).toEqual(["00:00.000 applied"]);
    gate.resolve();
    await clock.advance(0);
    expect(api.calls.slice(2)).toEqual(["00:00.000 applied", "00:00.010 requests"]);
  });

  test("says what it could not say when the API is back", async () => {
    api.fails = new StatusError("ServiceUnavailable", "away");
    reporter.now("ledger");
    await clock.advance(1_100);
    api.fails = undefined;
    api.calls.length = 0;
    await clock.advance(300);
    expect(api.calls).toEqual(["00:01.250 requests"]);
  });

  test("makes its object anew when the API has forgotten it, and says everything", async () => {
    api.known = false;
    await clock.advance(1_000);
    expect(api.calls.slice(2)).toEqual(["00:01.000", "create", "00:01.000 applied requests"]);
  });

  test("an object of an earlier run is taken over", async () => {
    api.known = true;
    api.calls.length = 0;
    const again = new Reporter({
      client: { ...api.client, create: () => Promise.reject(new StatusError("AlreadyExists", "there")) },
      clock,
      log: silentLogger,
      name: "mesh-1",
      run: {},
      serving: () => ({}),
      ledger: () => ({}),
    });
    again.start();
    await clock.advance(0);
    expect(api.calls).toEqual(["00:00.000"]);
  });

  test("says everything once more before it goes, and leaves nothing waiting", async () => {
    await reporter[Symbol.asyncDispose]();
    expect(api.calls.slice(2)).toEqual(["00:00.000 applied requests", "delete"]);
    expect(clock.pending).toBe(0);
  });
});
