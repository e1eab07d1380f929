import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { pods, replicasets } from "../api/generated/resources.ts";
import type { KubeObject } from "../api/object.ts";
import { StatusError } from "../api/status-error.ts";
import { type LogFields, type Logger, silentLogger } from "../observe/logger.ts";
import {
  Controller,
  controllerKey,
  type Outcome,
  ownKey,
  type Reconcile,
  source,
  TerminalError,
} from "./controller.ts";
import { Informer } from "./informer.ts";

const done: Outcome = { kind: "done" };

function recordingLogger(lines: string[], base: LogFields = {}): Logger {
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const { error, key, retryAfter } = { ...base, ...fields } as Record<string, string | number | undefined>;
      lines.push([level, message, key, error, retryAfter].filter((part) => part !== undefined).join(" | "));
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => recordingLogger(lines, { ...base, ...fields }),
  };
}

describe("Controller", () => {
  let clock: FakeClock;
  let lines: string[];
  let calls: string[];

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    calls = [];
  });

  const make = (reconcile: Reconcile, more: Partial<ConstructorParameters<typeof Controller>[0]> = {}): Controller =>
    new Controller({
      name: "test",
      sources: [],
      reconcile: (key, context) => {
        calls.push(key);
        return reconcile(key, context);
      },
      backoff: { base: 10, max: 100, jitter: 0 },
      clock,
      random: seededRandom(),
      log: recordingLogger(lines),
      ...more,
    }).start();

  it("reconciles each key once for what came together", async () => {
    await using controller = make(() => Promise.resolve(done));
    for (const key of ["a", "b", "a"]) controller.enqueue(key);
    await clock.advance(0);
    expect(calls).toEqual(["a", "b"]);
    expect(lines.map((line) => line.split(" | ").slice(0, 3).join(" "))).toEqual([
      "debug reconciled a",
      "debug reconciled b",
    ]);
  });

  it("looks again after the time that a reconcile asks for", async () => {
    await using controller = make(() => Promise.resolve(calls.length < 3 ? { kind: "requeueAfter", ms: 500 } : done));
    controller.enqueue("a");
    await clock.advance(499);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
    await clock.advance(10_000);
    expect(calls).toHaveLength(3);
  });

  it("tries a failed key again after growing waits, and from the shortest after a success", async () => {
    const failing = [true, true, true, false, true, false];
    await using controller = make(() =>
      failing.shift() ? Promise.reject(new Error("no luck")) : Promise.resolve(done),
    );
    controller.enqueue("a");
    await clock.advance(10 + 20 + 40);
    expect(calls).toHaveLength(4);
    controller.enqueue("a");
    await clock.advance(10);
    expect(calls).toHaveLength(6);
    expect(lines.filter((line) => line.startsWith("error"))).toEqual([
      "error | reconcile failed | a | no luck | 10",
      "error | reconcile failed | a | no luck | 20",
      "error | reconcile failed | a | no luck | 40",
      "error | reconcile failed | a | no luck | 10",
    ]);
  });

  it("catches what a reconcile throws before its first await", async () => {
    await using controller = make(() => {
      throw new Error("at once");
    });
    controller.enqueue("a");
    await clock.advance(10);
    expect(calls).toHaveLength(2);
  });

  it("does not shout about a conflict", async () => {
    await using controller = make(() =>
      calls.length > 1 ? Promise.resolve(done) : Promise.reject(new StatusError("Conflict", "changed")),
    );
    controller.enqueue("a");
    await clock.advance(10);
    expect(calls).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("gives up on a terminal error until something changes", async () => {
    await using controller = make(() => Promise.reject(new TerminalError("cannot be")));
    controller.enqueue("a");
    await clock.advance(100_000);
    expect(calls).toHaveLength(1);
    expect(lines).toContain("error | reconcile failed for good | a | cannot be");
    controller.enqueue("a");
    await clock.advance(0);
    expect(calls).toHaveLength(2);
  });

  it("works on as many keys at once as it has workers, never twice on one", async () => {
    const running = new Map<string, () => void>();
    await using controller = make(
      (key) =>
        new Promise((resolve) => {
          expect(running).not.toContain(key);
          running.set(key, () => resolve(done));
        }),
      { workers: 2 },
    );
    for (const key of ["a", "b", "c"]) controller.enqueue(key);
    await clock.advance(0);
    controller.enqueue("a");
    await clock.advance(0);
    expect(calls).toEqual(["a", "b"]);
    running.get("b")?.();
    running.delete("b");
    await clock.advance(0);
    expect(calls).toEqual(["a", "b", "c"]);
    running.get("a")?.();
    running.delete("a");
    await clock.advance(0);
    expect(calls).toEqual(["a", "b", "c", "a"]);
    for (const finish of running.values()) finish();
  });

  it("stops: aborts the signal, waits for the running reconcile, leaves no timer", async () => {
    let finished = false;
    const controller = make(
      (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () =>
            setImmediate(() => {
              finished = true;
              resolve({ kind: "requeueAfter", ms: 5 });
            }),
          );
        }),
    );
    controller.enqueue("a");
    controller.enqueue("later", 100);
    await clock.advance(0);
    await controller[Symbol.asyncDispose]();
    expect(finished).toBe(true);
    expect(clock.pending).toBe(0);
    controller.enqueue("b");
    await clock.advance(100);
    expect(calls).toEqual(["a"]);
  });

  describe("with informers", () => {
    const meta = (name: string, version: number, owners: readonly string[] = []): KubeObject["metadata"] => ({
      name,
      namespace: "n",
      uid: name,
      resourceVersion: String(version),
      creationTimestamp: "",
      ownerReferences: owners.map((owner) => ({
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: owner,
        uid: owner,
        controller: true,
      })),
    });
    const pod = (...args: Parameters<typeof meta>): KubeObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: meta(...args),
    });
    const bookmark = { type: "BOOKMARK", resourceVersion: "10", initialEventsEnd: true } as const;

    it("waits until all have synced, then reconciles what they hold and what changes", async () => {
      const [rsApi, podApi] = [new ScriptedClient(), new ScriptedClient()];
      const deps = { clock, random: seededRandom(), log: silentLogger };
      await using sets = new Informer<KubeObject>(rsApi.client, replicasets, deps).start();
      await using podsHeld = new Informer<KubeObject>(podApi.client, pods, deps).start();
      const owned = controllerKey({ group: "apps", kind: "ReplicaSet" });
      await using _ = make(() => Promise.resolve(done), { sources: [source(sets, ownKey), source(podsHeld, owned)] });
      await rsApi.last.send({ type: "ADDED", object: pod("rs", 1) }, bookmark);
      await clock.advance(0);
      expect(calls).toEqual([]);
      await podApi.last.send({ type: "ADDED", object: pod("p", 2, ["rs"]) }, bookmark);
      await clock.advance(0);
      expect(calls).toEqual(["n/rs"]);
      // A pod that changes hands is news for both owners.
      await podApi.last.send({ type: "MODIFIED", object: pod("p", 11, ["other"]) });
      await clock.advance(0);
      expect(calls).toEqual(["n/rs", "n/rs", "n/other"]);
      await podApi.last.send({ type: "DELETED", object: pod("p", 12, ["other"]) });
      await clock.advance(0);
      expect(calls.slice(3)).toEqual(["n/other"]);
    });

    it("can be stopped before they have synced", async () => {
      const api = new ScriptedClient();
      await using informer = new Informer<KubeObject>(api.client, pods, {
        clock,
        random: seededRandom(),
        log: silentLogger,
      });
      const controller = make(() => Promise.resolve(done), { sources: [source(informer.start(), ownKey)] });
      await controller[Symbol.asyncDispose]();
      expect(calls).toEqual([]);
    });
  });
});

describe("controllerKey()", () => {
  const owned = (reference: object, namespace = "n"): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "p",
      namespace,
      uid: "p",
      resourceVersion: "1",
      creationTimestamp: "",
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: "u", ...reference }],
    },
  });
  const key = controllerKey({ group: "apps", kind: "ReplicaSet" });

  it.each([
    ["a controller of the kind", owned({ controller: true }), ["n/rs"]],
    ["a controller of another version of the group", owned({ controller: true, apiVersion: "apps/v1beta1" }), ["n/rs"]],
    ["a cluster-scoped object", owned({ controller: true }, ""), ["rs"]],
    ["an owner that is not the controller", owned({}), []],
    ["another kind", owned({ controller: true, kind: "Deployment" }), []],
    ["the same kind of another group", owned({ controller: true, apiVersion: "extensions/v1" }), []],
    ["the same kind of the core group", owned({ controller: true, apiVersion: "v1" }), []],
  ])("knows %s", (_, object, keys) => {
    expect(key(object)).toEqual(keys);
  });
});
