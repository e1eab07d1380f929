import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { KubeObject } from "../api/object.ts";
import { StatusError } from "../api/status-error.ts";
import { silentLogger } from "../observe/logger.ts";
import type { StoreOptions } from "./revision-store.ts";
import type { Decide, Store, StoreEvent, StoreWatch, Written } from "./store.ts";

/** Makes an empty store for one test. */
export type StoreFactory = (options: StoreOptions) => Store | Promise<Store>;

const MAPS = "/configmaps";
const WORKERS = "sluice.dev/meshworkers";

/** A document as the API server would store it: its resourceVersion is the revision of the write. */
export function configMap(name: string, value: unknown, revision: number): KubeObject {
  const metadata = { name, uid: name, resourceVersion: String(revision), creationTimestamp: "2026-01-01T00:00:00Z" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value } } as KubeObject;
}

export function put(store: Store, resource: string, key: string, value: unknown): Promise<Written> {
  return store.write(resource, key, (_, revision) => ({ kind: "put", object: configMap(key, value, revision) }));
}

export function remove(store: Store, resource: string, key: string): Promise<Written> {
  return store.write(resource, key, (current, revision) =>
    current
      ? { kind: "remove", last: configMap(key, valueOf(current), revision) }
      : { kind: "keep", object: configMap(key, undefined, revision) },
  );
}

export function valueOf(object: KubeObject | undefined): unknown {
  return (object as { data?: { value?: unknown } } | undefined)?.data?.value;
}

function revisionOf(written: Written): number {
  return Number(written.object.metadata.resourceVersion);
}

/** `+a=1` created or changed, `-a=1` removed with that last state. */
function brief(event: StoreEvent): string {
  const before = event.previous ? ` (was ${String(valueOf(event.previous))})` : "";
  const sign = event.object ? "+" : "-";
  return `${event.revision} ${sign}${event.key}=${String(valueOf(event.object ?? event.last))}${before}`;
}

/** Lets watchers hear what they were promised. */
async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** The contract of `Store`, for every implementation. */
export function describeStore(name: string, make: StoreFactory): void {
  describe(name, () => {
    const clock = new FakeClock();
    const retention = { milliseconds: 15_000, events: 1000 };
    let store: Store;

    beforeEach(async () => {
      store = await make({ clock, log: silentLogger, ephemeral: new Set([WORKERS]), retention });
    });
    afterEach(() => store[Symbol.asyncDispose]());

    const listen = (from: number, resource = MAPS): { heard: string[]; stop: Disposable } => {
      const heard: string[] = [];
      return { heard, stop: store.watch(resource, from, (event) => heard.push(brief(event))) };
    };

    describe("write", () => {
      it("gives each change a revision of its own, over all resources", async () => {
        const first = await put(store, MAPS, "default/a", 1);
        const second = await put(store, "apps/deployments", "default/a", 1);
        const third = await remove(store, MAPS, "default/a");
        expect(revisionOf(second)).toBeGreaterThan(revisionOf(first));
        expect(revisionOf(third)).toBeGreaterThan(revisionOf(second));
        expect(store.revision).toBe(revisionOf(third));
        expect([first.changed, second.changed, third.changed]).toEqual([true, true, true]);
      });

      it("decides at once on the newest state, also on what this turn has written", async () => {
        const seen: unknown[] = [];
        const increment: Decide = (current, revision) => {
          seen.push(valueOf(current));
          return { kind: "put", object: configMap("a", Number(valueOf(current) ?? 0) + 1, revision) };
        };
        const writes = [1, 2, 3].map(() => store.write(MAPS, "default/a", increment));
        expect(seen).toEqual([undefined, 1, 2]);
        await Promise.all(writes);
        expect(valueOf(store.get(MAPS, "default/a"))).toBe(3);
      });

      it("shows nothing before it is acknowledged", async () => {
        const { heard } = listen(store.revision);
        const before = store.revision;
        const written = put(store, MAPS, "default/a", 1);
        expect(store.get(MAPS, "default/a")).toBeUndefined();
        expect(store.list(MAPS)).toEqual([]);
        expect(store.revision).toBe(before);
        await Promise.resolve();
        expect(heard).toEqual([]);
        await written;
        expect(valueOf(store.get(MAPS, "default/a"))).toBe(1);
        expect(heard).toHaveLength(1);
      });

      it("hands out the written object itself", async () => {
        const { object } = await put(store, MAPS, "default/a", 1);
        expect(store.get(MAPS, "default/a")).toBe(object);
        expect(store.list(MAPS)[0]).toBe(object);
      });

      it("makes no revision when the decision is to keep", async () => {
        await put(store, MAPS, "default/a", 1);
        const { heard } = listen(store.revision);
        const before = store.revision;
        const kept = configMap("answer", 7, 1);
        expect(await store.write(MAPS, "default/a", () => ({ kind: "keep", object: kept }))).toEqual({
          object: kept,
          changed: false,
        });
        await turns();
        expect(store.revision).toBe(before);
        expect(heard).toEqual([]);
      });

      it("makes no revision when only the resourceVersion would change", async () => {
        const { object } = await put(store, MAPS, "default/a", { deep: [1, { x: 2 }] });
        const again = await put(store, MAPS, "default/a", { deep: [1, { x: 2 }] });
        expect(again).toEqual({ object, changed: false });
        expect(again.object).toBe(object);
      });

      it("makes no revision when what is removed is not there", async () => {
        const before = store.revision;
        const last = configMap("a", 1, 1);
        expect(await store.write(MAPS, "default/a", () => ({ kind: "remove", last }))).toEqual({
          object: last,
          changed: false,
        });
        expect(store.revision).toBe(before);
      });

      it("rejects and writes nothing when decide throws, and hurts nobody else", async () => {
        const conflict = new StatusError("Conflict", "changed meanwhile");
        const other = put(store, MAPS, "default/b", 1);
        const failed = store.write(MAPS, "default/a", () => {
          throw conflict;
        });
        await expect(failed).rejects.toBe(conflict);
        await other;
        expect(store.list(MAPS)).toHaveLength(1);
      });

      it("rejects what cannot be written as JSON", async () => {
        await expect(put(store, MAPS, "default/a", 1n)).rejects.toThrow(TypeError);
        expect(revisionOf(await put(store, MAPS, "default/a", 1))).toBe(store.revision);
      });

      it("rejects a write from within decide", async () => {
        const inner: Promise<unknown>[] = [];
        await store.write(MAPS, "default/a", (_, revision) => {
          inner.push(put(store, MAPS, "default/b", 1).catch((error: Error) => error.message));
          return { kind: "put", object: configMap("a", 1, revision) };
        });
        expect(await Promise.all(inner)).toEqual(["decide must not write"]);
      });

      it("creates, changes and removes a key in one turn", async () => {
        const { heard } = listen(store.revision);
        const writes = [put(store, MAPS, "x", 1), put(store, MAPS, "x", 2), remove(store, MAPS, "x")];
        const [first, second, third] = (await Promise.all(writes)).map(revisionOf);
        expect(heard).toEqual([`${first} +x=1`, `${second} +x=2 (was 1)`, `${third} -x=2 (was 2)`]);
        expect(store.get(MAPS, "x")).toBeUndefined();
      });

      it("is refused once the store is closed, which first commits what was written", async () => {
        const written = put(store, MAPS, "x", 1);
        await store[Symbol.asyncDispose]();
        expect((await written).changed).toBe(true);
        await expect(put(store, MAPS, "x", 2)).rejects.toMatchObject({ reason: "ServiceUnavailable" });
      });
    });

    describe("list", () => {
      it("is ordered by key and knows prefixes", async () => {
        await Promise.all(["b/y", "a/z", "b-c/x", "b/x", "c/a"].map((key) => put(store, MAPS, key, key)));
        expect(store.list(MAPS).map(valueOf)).toEqual(["a/z", "b-c/x", "b/x", "b/y", "c/a"]);
        expect(store.list(MAPS, "b/").map(valueOf)).toEqual(["b/x", "b/y"]);
        expect(store.list(MAPS, "d/")).toEqual([]);
        expect(store.list("apps/deployments")).toEqual([]);
      });

      it("tells the state at an older revision", async () => {
        const one = revisionOf(await put(store, MAPS, "n/a", 1));
        const two = revisionOf(await put(store, MAPS, "n/b", 1));
        const three = revisionOf(await put(store, MAPS, "n/a", 2));
        const four = revisionOf(await remove(store, MAPS, "n/b"));
        const five = revisionOf(await put(store, MAPS, "m/c", 1));
        await put(store, MAPS, "n/b", 9);
        const at = (revision: number, prefix?: string): unknown[] => store.list(MAPS, prefix, revision).map(valueOf);
        expect([one, two, three, four, five].map((revision) => at(revision))).toEqual([
          [1],
          [1, 1],
          [2, 1],
          [2],
          [1, 2],
        ]);
        expect(at(five, "n/")).toEqual([2]);
        expect(at(store.revision)).toEqual([1, 2, 9]);
      });

      it("refuses a revision that is still to come, as Kubernetes does", () => {
        const future = store.revision + 5;
        expect(() => store.list(MAPS, "", future)).toThrow(
          `Too large resource version: ${future}, current: ${store.revision}`,
        );
      });
    });

    describe("watch", () => {
      it("tells past and live events once each, in order, never within the call", async () => {
        const from = store.revision;
        const [one, two] = (await Promise.all([put(store, MAPS, "a", 1), put(store, MAPS, "a", 2)])).map(revisionOf);
        const { heard } = listen(from);
        expect(heard).toEqual([]);
        const three = revisionOf(await put(store, MAPS, "b", 1));
        const four = revisionOf(await remove(store, MAPS, "a"));
        expect(heard).toEqual([`${one} +a=1`, `${two} +a=2 (was 1)`, `${three} +b=1`, `${four} -a=2 (was 2)`]);
      });

      it("begins after the given revision", async () => {
        const one = revisionOf(await put(store, MAPS, "a", 1));
        const two = revisionOf(await put(store, MAPS, "a", 2));
        const { heard } = listen(one);
        await turns();
        expect(heard).toEqual([`${two} +a=2 (was 1)`]);
      });

      it("hears only of its own resource", async () => {
        const { heard } = listen(store.revision);
        await put(store, "apps/deployments", "a", 1);
        await turns();
        expect(heard).toEqual([]);
      });

      it("shows the state that already holds all of the turn", async () => {
        const seen: unknown[] = [];
        store.watch(MAPS, store.revision, () => seen.push(valueOf(store.get(MAPS, "b"))));
        await Promise.all([put(store, MAPS, "a", 1), put(store, MAPS, "b", 2)]);
        expect(seen).toEqual([2, 2]);
      });

      it("says nothing more when it is disposed, even in the middle of an event", async () => {
        const heard: string[] = [];
        const watch = store.watch(MAPS, store.revision, (event) => {
          heard.push(event.key);
          watch[Symbol.dispose]();
        });
        const never = listen(store.revision);
        never.stop[Symbol.dispose]();
        await Promise.all([put(store, MAPS, "a", 1), put(store, MAPS, "b", 1)]);
        await turns();
        expect([heard, never.heard]).toEqual([["a"], []]);
      });

      it("knows up to where it has told everything", async () => {
        const from = store.revision;
        const [one, two] = (await Promise.all([put(store, MAPS, "a", 1), put(store, MAPS, "b", 1)])).map(revisionOf);
        const claims: number[] = [];
        const watch: StoreWatch = store.watch(MAPS, from, () => claims.push(watch.revision));
        expect(watch.revision).toBe(from);
        await turns();
        expect(watch.revision).toBe(two);
        // Within a turn a watcher must not claim what it will only be told next.
        const [three, four] = (await Promise.all([put(store, MAPS, "c", 1), put(store, MAPS, "d", 1)])).map(revisionOf);
        expect(claims.every((claim, i) => claim <= [one, two, three, four][i]!)).toBe(true);
        expect(watch.revision).toBe(four);
        await put(store, "apps/deployments", "x", 1);
        expect(watch.revision).toBe(store.revision);
      });

      it("goes on for the others when one listener throws", async () => {
        store.watch(MAPS, store.revision, () => {
          throw new Error("broken");
        });
        const { heard } = listen(store.revision);
        await put(store, MAPS, "a", 1);
        expect(heard).toHaveLength(1);
      });

      it("lets a listener write", async () => {
        const answered = Promise.withResolvers<Written>();
        store.watch(MAPS, store.revision, (event) => {
          if (event.key === "question") answered.resolve(put(store, MAPS, "answer", 42));
        });
        await put(store, MAPS, "question", 1);
        await answered.promise;
        expect(valueOf(store.get(MAPS, "answer"))).toBe(42);
      });

      it("reaches back beyond what is in memory, and goes on live from there", async () => {
        const from = store.revision;
        const count = 3000;
        for (let i = 0; i < count; i += 100) {
          await Promise.all(Array.from({ length: 100 }, (_, j) => put(store, MAPS, `k${j}`, i + j)));
        }
        const heard: StoreEvent[] = [];
        store.watch(MAPS, from, (event) => heard.push(event));
        await put(store, MAPS, "last", count);
        await turns(20);
        expect(heard.map((event) => valueOf(event.object))).toEqual(Array.from({ length: count + 1 }, (_, i) => i));
        expect(heard[150]).toMatchObject({ key: "k50" });
        expect(valueOf(heard[150]!.previous)).toBe(50);
        expect(heard.map((event) => event.revision)).toEqual(
          heard.map((event) => event.revision).toSorted((a, b) => a - b),
        );
      });
    });

    describe("compaction", () => {
      it("forgets by time, with the words of Kubernetes", async () => {
        const one = revisionOf(await put(store, MAPS, "a", 1));
        const two = revisionOf(await put(store, MAPS, "a", 2));
        await put(store, MAPS, "gone", 1);
        const four = revisionOf(await remove(store, MAPS, "gone"));
        await clock.advance(10_000);
        const five = revisionOf(await put(store, MAPS, "a", 3));
        await put(store, MAPS, "a", 4);
        await clock.advance(10_000);
        expect(store.oldestRevision).toBe(four);
        for (const use of [() => store.list(MAPS, "", two), () => store.watch(MAPS, one, () => undefined)]) {
          expect(use).toThrow(expect.objectContaining({ reason: "Expired", code: 410 }));
        }
        expect(() => store.list(MAPS, "", two)).toThrow(`too old resource version: ${two} (${four})`);
        expect(store.list(MAPS, "", four).map(valueOf)).toEqual([2]);
        expect(store.list(MAPS, "", five).map(valueOf)).toEqual([3]);
        const { heard } = listen(four);
        await turns();
        expect(heard.map((line) => line.split(" ").slice(1).join(" "))).toEqual(["+a=3 (was 2)", "+a=4 (was 3)"]);
      });

      it("forgets by count", async () => {
        for (let i = 0; i < 15; i++) {
          await Promise.all(Array.from({ length: 100 }, (_, j) => put(store, MAPS, `k${j}`, i)));
        }
        await clock.advance(2000);
        expect(store.oldestRevision).toBe(store.revision - retention.events);
        expect(store.list(MAPS, "", store.oldestRevision).map(valueOf)).toEqual(Array.from({ length: 100 }, () => 4));
        expect(store.list(MAPS).map(valueOf)).toEqual(Array.from({ length: 100 }, () => 14));
      });

      it("never forgets what is there now", async () => {
        await put(store, MAPS, "a", 1);
        await put(store, MAPS, "b", 1);
        await clock.advance(1_000_000);
        expect(store.list(MAPS).map(valueOf)).toEqual([1, 1]);
        expect(store.list(MAPS, "", store.revision).map(valueOf)).toEqual([1, 1]);
      });
    });

    describe("ephemeral resources", () => {
      it("behave like any other, with revisions of the same count", async () => {
        const { heard } = listen(store.revision, WORKERS);
        const one = revisionOf(await put(store, WORKERS, "mesh-1", 1));
        const two = revisionOf(await put(store, MAPS, "a", 1));
        const three = revisionOf(await put(store, WORKERS, "mesh-1", 2));
        const four = revisionOf(await remove(store, WORKERS, "mesh-1"));
        expect([two, three, four]).toEqual([one + 1, one + 2, one + 3]);
        expect(heard).toEqual([`${one} +mesh-1=1`, `${three} +mesh-1=2 (was 1)`, `${four} -mesh-1=2 (was 2)`]);
        expect(store.list(WORKERS, "", two).map(valueOf)).toEqual([1]);
        expect(store.list(WORKERS)).toEqual([]);
      });

      it("expire when memory no longer reaches back", async () => {
        const one = revisionOf(await put(store, WORKERS, "mesh-1", 0));
        for (let i = 1; i <= 2000; i += 100) {
          await Promise.all(Array.from({ length: 100 }, (_, j) => put(store, WORKERS, "mesh-1", i + j)));
        }
        expect(() => store.watch(WORKERS, one, () => undefined)).toThrow("too old resource version");
        expect(store.list(WORKERS, "", store.revision - 5).map(valueOf)).toEqual([1995]);
      });
    });
  });
}
