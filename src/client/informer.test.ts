import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { configmaps } from "../api/generated/resources.ts";
import type { KubeObject } from "../api/object.ts";
import { StatusError } from "../api/status-error.ts";
import { silentLogger } from "../observe/logger.ts";
import type { WatchEvent } from "./api-client.ts";
import { Informer } from "./informer.ts";

type Event = WatchEvent<KubeObject>;

function object(name: string, version: number, more: Partial<KubeObject["metadata"]> = {}): KubeObject {
  const metadata = {
    name,
    namespace: "n",
    uid: name,
    resourceVersion: String(version),
    creationTimestamp: "",
    ...more,
  };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

const event = (type: "ADDED" | "MODIFIED" | "DELETED", ...args: Parameters<typeof object>): Event => ({
  type,
  object: object(...args),
});
const bookmark = (version: number, initialEventsEnd = false): Event => ({
  type: "BOOKMARK",
  resourceVersion: String(version),
  initialEventsEnd,
});

describe("Informer", () => {
  let clock: FakeClock;
  let api: ScriptedClient;
  let informer: Informer<KubeObject>;
  let heard: string[];

  const hear = (current?: KubeObject, previous?: KubeObject): void => {
    const part = (object?: KubeObject): string =>
      object ? `${object.metadata.name}@${object.metadata.resourceVersion}` : "-";
    heard.push(`${part(previous)} → ${part(current)}`);
  };

  beforeEach(() => {
    clock = new FakeClock();
    api = new ScriptedClient();
    heard = [];
    informer = new Informer<KubeObject>(api.client, configmaps, {
      clock,
      random: seededRandom(),
      log: silentLogger,
      labelSelector: "app=x",
      backoff: { base: 100, max: 1000, jitter: 0 },
    });
    informer.onChange(hear);
    informer.start();
  });
  afterEach(async () => {
    await informer[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });

  const sync = (...names: readonly string[]): Promise<void> =>
    api.last.send(...names.map((name, i) => event("ADDED", name, i + 1)), bookmark(10, true));

  it("asks for everything first and has synced at the end of that", async () => {
    expect(api.last.options).toEqual({ labelSelector: "app=x" });
    let synced = false;
    void informer.synced.then(() => {
      synced = true;
    });
    await api.last.send(event("ADDED", "a", 1), bookmark(5));
    expect(synced).toBe(false);
    await api.last.send(bookmark(10, true));
    expect(synced).toBe(true);
    expect(informer.list().map((each) => each.metadata.name)).toEqual(["a"]);
  });

  it("follows changes and tells them", async () => {
    await sync("a", "b");
    await api.last.send(event("MODIFIED", "a", 11), event("DELETED", "b", 12), event("ADDED", "c", 13));
    expect(heard).toEqual(["- → a@1", "- → b@2", "a@1 → a@11", "b@12 → -", "- → c@13"]);
    expect(informer.get("n/a")?.metadata.resourceVersion).toBe("11");
    expect(informer.get("n/b")).toBeUndefined();
  });

  it("tells a later handler what is there", async () => {
    await sync("a", "b");
    heard = [];
    using _ = informer.onChange(hear);
    expect(heard).toEqual(["- → a@1", "- → b@2"]);
  });

  it("lets wait for what is to be seen of one object", async () => {
    await sync("a", "b");
    const seen: string[] = [];
    void informer.until("n/a", (object) => object !== undefined).then(() => seen.push("there"));
    void informer.until("n/a", (object) => object === undefined).then(() => seen.push("gone"));
    await api.last.send(event("DELETED", "b", 11));
    expect(seen).toEqual(["there"]);
    await api.last.send(event("DELETED", "a", 12));
    expect(seen).toEqual(["there", "gone"]);
    const never = informer.until("n/a", (object) => object !== undefined);
    await Promise.all([expect(never).rejects.toThrow("stopped"), informer[Symbol.asyncDispose]()]);
  });

  it("goes on for the other handlers when one throws", async () => {
    const broken = new Informer<KubeObject>(api.client, configmaps, {
      clock,
      random: seededRandom(),
      log: silentLogger,
    });
    broken.onChange(() => {
      throw new Error("broken");
    });
    broken.onChange(hear);
    broken.start();
    await sync("a");
    expect(heard).toEqual(["- → a@1"]);
    await broken[Symbol.asyncDispose]();
  });

  it("goes on from the last version when the stream ends", async () => {
    await sync("a");
    await api.last.send(event("MODIFIED", "a", 11));
    await api.last.end();
    await clock.advance(100);
    expect(api.watches).toHaveLength(2);
    expect(api.last.options).toEqual({ labelSelector: "app=x", resourceVersion: "11" });
    await api.last.send(bookmark(20));
    await api.last.fail(new Error("connection reset"));
    await clock.advance(100);
    expect(api.last.options.resourceVersion).toBe("20");
  });

  it("waits longer and longer while nothing comes", async () => {
    await sync("a");
    for (const delay of [100, 200, 400, 800, 1000, 1000]) {
      const before = api.watches.length;
      await api.last.fail(new Error("connection refused"));
      await clock.advance(delay - 1);
      expect(api.watches.length).toBe(before);
      await clock.advance(1);
      expect(api.watches.length).toBe(before + 1);
    }
    await api.last.send(bookmark(30));
    await api.last.end();
    await clock.advance(100);
    expect(api.last.options.resourceVersion).toBe("30");
  });

  it.each([
    ["has expired", new StatusError("Expired", "too old resource version: 10 (50)")],
    [
      "is one that the server never had",
      new StatusError("Timeout", "Too large resource version: 10, current: 3", {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      }),
    ],
  ])("reads everything again when the version %s, and tells only what differs", async (_, error) => {
    await sync("same", "changed", "gone", "reborn");
    heard = [];
    await api.last.fail(error);
    await clock.advance(100);
    expect(api.last.options).toEqual({ labelSelector: "app=x" });
    await api.last.send(
      event("ADDED", "same", 1),
      event("ADDED", "changed", 60),
      event("ADDED", "reborn", 61, { uid: "another" }),
      event("ADDED", "new", 62),
    );
    expect(informer.get("n/gone")).toBeDefined();
    await api.last.send(bookmark(62, true));
    expect(heard).toEqual(["changed@2 → changed@60", "reborn@4 → -", "- → reborn@61", "- → new@62", "gone@3 → -"]);
  });

  it("begins the listing anew when the stream breaks before it is whole", async () => {
    await api.last.send(event("ADDED", "a", 1));
    await api.last.end();
    await clock.advance(100);
    expect(api.last.options).toEqual({ labelSelector: "app=x" });
    await api.last.send(event("ADDED", "b", 2), bookmark(10, true));
    expect(informer.list().map((each) => each.metadata.name)).toEqual(["b"]);
  });

  it("finds objects by namespace, by owner and by what one asks for", async () => {
    const owner = (uid: string) => ({ apiVersion: "apps/v1", kind: "ReplicaSet", name: uid, uid });
    const byLabel = informer.index(({ metadata }) => Object.keys(metadata.labels ?? {}));
    await api.last.send(
      event("ADDED", "a", 1, { ownerReferences: [owner("u1"), owner("u2")], labels: { x: "", y: "" } }),
      event("ADDED", "b", 2, { ownerReferences: [owner("u1")], namespace: "m" }),
      bookmark(10, true),
    );
    const names = (objects: readonly KubeObject[]): string[] => objects.map((each) => each.metadata.name);
    expect(names(informer.inNamespace("n"))).toEqual(["a"]);
    expect(names(informer.ownedBy("u1"))).toEqual(["a", "b"]);
    expect(names(byLabel.get("y"))).toEqual(["a"]);
    await api.last.send(
      event("MODIFIED", "a", 11, { labels: { y: "", z: "" } }),
      event("DELETED", "b", 12, { namespace: "m" }),
    );
    expect(names(informer.ownedBy("u1"))).toEqual([]);
    expect([byLabel.get("x"), byLabel.get("y"), byLabel.get("z")].map(names)).toEqual([[], ["a"], ["a"]]);
    expect(names(informer.inNamespace("m"))).toEqual([]);
    expect(names(informer.index(({ metadata }) => [metadata.uid]).get("a"))).toEqual(["a"]);
  });

  it("reached() resolves when the cache is as new as asked", async () => {
    const reached: string[] = [];
    const wait = (version: string): void => void informer.reached(version).then(() => reached.push(version));
    for (const version of ["9", "11", "100"]) wait(version);
    await sync("a");
    expect(reached).toEqual(["9"]);
    await api.last.send(event("MODIFIED", "a", 11));
    expect(reached).toEqual(["9", "11"]);
    await informer.reached("11");
    await api.last.send(bookmark(100));
    expect(reached).toEqual(["9", "11", "100"]);
  });

  it("stops: the watch is aborted, those who wait are told", async () => {
    const waits = [informer.synced, informer.reached("5")];
    await informer[Symbol.asyncDispose]();
    expect(api.last.signal.aborted).toBe(true);
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: "stopped" });
    await expect(informer.reached("5")).rejects.toMatchObject({ code: "stopped" });
  });

  it("stops while it waits to try again", async () => {
    await api.last.fail(new Error("connection refused"));
    await informer[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});
