import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { KubeObject } from "../../api/object.ts";
import { builtinTypes } from "../../api/table/builtin.ts";
import { ObjectJson } from "../encoding/object-json.ts";
import type { Change } from "../registry/watching.ts";
import type { ByteStream } from "./exchange.ts";
import { ChangeEncoder, initialChanges, WatchStream, watchTimers } from "./watch-response.ts";

/** A connection that takes `room` writes and then lets them wait until it drains. */
class Connection extends EventEmitter implements ByteStream {
  readonly written: string[] = [];
  ended = false;
  destroyed = false;
  room: number;

  constructor(room: number) {
    super();
    this.room = room;
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(Buffer.from(bytes).toString());
    this.room -= 1;
    return this.room > 0;
  }

  drain(room: number): void {
    this.room = room;
    this.emit("drain");
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.ended = true;
    this.destroyed = true;
  }
}

const object = (name: string, revision = 1): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: "a",
      uid: name,
      resourceVersion: String(revision),
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    data: { k: "v" },
  }) as KubeObject;
const added = (name: string): Change => ({ type: "ADDED", object: object(name) });
const nameOf = (change: Change): Buffer =>
  Buffer.from(change.type === "BOOKMARK" ? `mark ${change.revision}` : change.object.metadata.name);

describe("WatchStream", () => {
  test("writes what comes while the watcher reads", () => {
    const connection = new Connection(100);
    const stream = new WatchStream(connection, nameOf, initialChanges([object("a")], undefined));
    stream.push(added("b"));
    expect(connection.written).toEqual(["a", "b"]);
  });

  test("lets changes wait behind a long list, and keeps their order", () => {
    const connection = new Connection(2);
    const initial = ["a", "b", "c"].map((name) => object(name));
    const mark = { type: "BOOKMARK", revision: 9, initialEventsEnd: true } as const;
    const stream = new WatchStream(connection, nameOf, initialChanges(initial, mark));
    stream.push(added("d"));
    expect(connection.written).toEqual(["a", "b"]);
    connection.drain(100);
    expect(connection.written).toEqual(["a", "b", "c", "mark 9", "d"]);
  });

  test("tells once that it has ended", () => {
    let ends = 0;
    const stream = new WatchStream(new Connection(1), nameOf, initialChanges([], undefined), () => ends++);
    stream.end();
    stream.end();
    expect(ends).toBe(1);
  });

  test("ends for a watcher that does not read, and keeps nothing for it", () => {
    const connection = new Connection(1);
    const stream = new WatchStream(connection, nameOf, initialChanges([object("a")], undefined));
    for (let i = 0; i <= 1000; i++) stream.push(added(`x${i}`));
    expect(connection.ended).toBe(true);
    expect(connection.written).toEqual(["a"]);
    connection.drain(100);
    stream.push(added("y"));
    expect(connection.written).toEqual(["a"]);
  });
});

describe("watchTimers()", () => {
  test("sends a bookmark each minute and one before the end, then ends", async () => {
    const clock = new FakeClock();
    const connection = new Connection(100);
    const stream = new WatchStream(connection, nameOf, initialChanges([], undefined));
    let revision = 0;
    watchTimers(clock, stream, 150_000, () => ({ type: "BOOKMARK", revision: ++revision, initialEventsEnd: false }));
    await clock.advance(149_000);
    expect(connection.written).toEqual(["mark 1", "mark 2", "mark 3"]);
    expect(connection.ended).toBe(false);
    await clock.advance(1000);
    expect(connection.ended).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("sends none to a short watch, nor when nobody asked", async () => {
    const clock = new FakeClock();
    const connection = new Connection(100);
    const stream = new WatchStream(connection, nameOf, initialChanges([], undefined));
    watchTimers(clock, stream, 1000, () => ({ type: "BOOKMARK", revision: 1, initialEventsEnd: false }));
    watchTimers(clock, stream, 100_000, undefined);
    await clock.advance(100_000);
    expect(connection.written).toEqual([]);
  });

  test("stops", () => {
    const clock = new FakeClock();
    const stream = new WatchStream(new Connection(1), nameOf, initialChanges([], undefined));
    watchTimers(clock, stream, 150_000, () => ({ type: "BOOKMARK", revision: 1, initialEventsEnd: false }))();
    expect(clock.pending).toBe(0);
  });
});

describe("ChangeEncoder", () => {
  const info = builtinTypes().find("", "v1", "configmaps")!;
  const encoder = new ChangeEncoder(new ObjectJson(), new FakeClock());
  const query = new URLSearchParams();
  const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

  test("gives all watchers of a change the same bytes", () => {
    const [one, two] = [encoder.for(info, { format: "json" }, query), encoder.for(info, { format: "json" }, query)];
    const change = added("a");
    expect(one(change)).toBe(two(change));
    expect(parse(one(change))).toEqual({ type: "ADDED", object: object("a") });
    expect(one(change).toString()).toMatch(
      /^\{"type":"ADDED","object":\{"kind":"ConfigMap","apiVersion":"v1",.*\}\}\n$/,
    );
  });

  test("gives columns in the first Table only", () => {
    const encode = encoder.for(info, { format: "json", view: { kind: "Table", version: "v1" } }, query);
    expect(parse(encode(added("a")))).toMatchObject({
      type: "ADDED",
      object: { kind: "Table", columnDefinitions: [{ name: "Name" }, { name: "Data" }, { name: "Age" }] },
    });
    expect(parse(encode(added("b")))).toMatchObject({
      object: { columnDefinitions: null, rows: [{ cells: ["b", 1, "0s"] }] },
    });
  });

  test("gives metadata alone", () => {
    const encode = encoder.for(info, { format: "json", view: { kind: "PartialObjectMetadata", version: "v1" } }, query);
    expect(parse(encode(added("a")))).toEqual({
      type: "ADDED",
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object("a").metadata },
    });
  });

  test("marks the end of the first list", () => {
    const encode = encoder.for(info, { format: "json" }, query);
    expect(parse(encode({ type: "BOOKMARK", revision: 7, initialEventsEnd: true }))).toEqual({
      type: "BOOKMARK",
      object: {
        kind: "ConfigMap",
        apiVersion: "v1",
        metadata: { resourceVersion: "7", annotations: { "k8s.io/initial-events-end": "true" } },
      },
    });
  });
});
