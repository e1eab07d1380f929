import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { formatTimestamp } from "../lib/timestamp.ts";
import type { KubeObject } from "../api/object.ts";
import { silentLogger } from "../observe/logger.ts";
import { memoryStore } from "../store/memory-history.ts";
import type { Store } from "../store/store.ts";
import { EventExpiry } from "./event-expiry.ts";

const MINUTE = 60_000;

const write = (store: Store, clock: FakeClock, name: string, count = 1): Promise<unknown> =>
  store.write("/events", `a/${name}`, (_, revision) => ({
    kind: "put",
    object: {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name,
        namespace: "a",
        uid: name,
        resourceVersion: String(revision),
        creationTimestamp: formatTimestamp(clock.now()),
      },
      count,
    } as KubeObject,
  }));
const names = (store: Store): string[] => store.list("/events").map((event) => event.metadata.name);

describe("EventExpiry", () => {
  test("deletes events an hour after they were last written", async () => {
    const clock = new FakeClock();
    await using store = memoryStore({ clock, log: silentLogger });
    using _expiry = new EventExpiry(store, clock, silentLogger);
    await write(store, clock, "once");
    await write(store, clock, "again");
    await clock.advance(40 * MINUTE);
    await write(store, clock, "again", 2);
    await clock.advance(21 * MINUTE);
    expect(names(store)).toEqual(["again"]);
    await clock.advance(38 * MINUTE);
    expect(names(store)).toEqual(["again"]);
    await clock.advance(2 * MINUTE);
    expect(names(store)).toEqual([]);
  });

  test("goes on after a restart", async () => {
    const clock = new FakeClock();
    await using store = memoryStore({ clock, log: silentLogger });
    await write(store, clock, "old");
    await clock.advance(30 * MINUTE);
    await write(store, clock, "new");
    using _expiry = new EventExpiry(store, clock, silentLogger);
    await clock.advance(31 * MINUTE);
    expect(names(store)).toEqual(["new"]);
  });

  test("leaves no timer behind", async () => {
    const clock = new FakeClock();
    await using store = memoryStore({ clock, log: silentLogger });
    const before = clock.pending;
    const expiry = new EventExpiry(store, clock, silentLogger);
    await write(store, clock, "e");
    expiry[Symbol.dispose]();
    expect(clock.pending).toBe(before);
  });
});
