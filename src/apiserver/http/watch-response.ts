import type { KubeObject } from "../../api/object.ts";
import { tableOf } from "../../api/print/table.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { ObjectJson } from "../encoding/object-json.ts";
import type { Bookmark, Change, ObjectChange } from "../registry/watching.ts";
import type { ByteStream } from "./exchange.ts";
import type { Representation } from "./negotiation.ts";
import { metadataOnly, tableOptions } from "./presenter.ts";

/**
 * How many changes wait for a watcher that reads too slowly. With one more his watch ends; he lists and watches again, as
 * clients of Kubernetes do. The objects are shared with the store, so what waits costs little more than the references.
 */
const MAX_WAITING = 1000;

/** Writes changes to a watcher as fast as he reads, in order, and never lets more than a bounded number of them wait. */
export class WatchStream {
  readonly #response: ByteStream;
  readonly #encode: (change: Change) => Buffer;
  readonly #waiting: Change[] = [];
  /** Of the first listing, which may be longer than what may wait. */
  #initial: Iterator<Change> | undefined;
  #blocked = false;
  #ended = false;

  readonly #onEnd: () => void;

  /** `onEnd`: nothing more will be written; the client may still have to read what was. */
  constructor(
    response: ByteStream,
    encode: (change: Change) => Buffer,
    initial: Iterator<Change>,
    onEnd: () => void = () => undefined,
  ) {
    this.#response = response;
    this.#encode = encode;
    this.#initial = initial;
    this.#onEnd = onEnd;
    response.on("drain", () => {
      this.#blocked = false;
      this.#pump();
    });
    this.#pump();
  }

  push(change: Change): void {
    if (this.#ended) return;
    if (!this.#blocked && !this.#initial) {
      this.#write(change);
      return;
    }
    this.#waiting.push(change);
    if (this.#waiting.length > MAX_WAITING) this.end();
  }

  /** Ends the answer cleanly behind what has been written. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting.length = 0;
    this.#initial = undefined;
    this.#response.end();
    this.#onEnd();
  }

  #pump(): void {
    while (!this.#blocked && !this.#ended) {
      const change = this.#next();
      if (!change) return;
      this.#write(change);
    }
  }

  #next(): Change | undefined {
    const first = this.#initial?.next();
    if (first && !first.done) return first.value;
    this.#initial = undefined;
    return this.#waiting.shift();
  }

  #write(change: Change): void {
    if (!this.#response.write(this.#encode(change))) this.#blocked = true;
  }
}

/** Encodes changes for watches, each once for all watchers that want the same form. */
export class ChangeEncoder {
  readonly #json: ObjectJson;
  readonly #clock: Clock;
  /** The change of the moment: every watcher of a resource is told of it before the next one comes. */
  #last: { readonly type: string; readonly object: KubeObject; readonly frame: Buffer } | undefined;

  constructor(json: ObjectJson, clock: Clock) {
    this.#json = json;
    this.#clock = clock;
  }

  /** The encoding for one watcher. */
  for(info: ResourceInfo, how: Representation, query: URLSearchParams): (change: Change) => Buffer {
    const { view } = how;
    if (!view) return (change) => this.#whole(info, change);
    if (view.kind === "PartialObjectMetadata")
      return (change) =>
        frame(
          change.type,
          change.type === "BOOKMARK" ? bookmark(info, change) : metadataOnly(change.object, view.version),
        );
    const options = tableOptions(view, query);
    let withoutColumns = false;
    return (change) => {
      const objects = change.type === "BOOKMARK" ? [] : [change.object];
      const resourceVersion =
        change.type === "BOOKMARK" ? String(change.revision) : change.object.metadata.resourceVersion;
      const now = this.#clock.now();
      const table = tableOf(info, objects, { ...options, now, withoutColumns, metadata: { resourceVersion } });
      withoutColumns = true;
      return frame(change.type, table);
    };
  }

  #whole(info: ResourceInfo, change: Change): Buffer {
    if (change.type === "BOOKMARK") return frame(change.type, bookmark(info, change));
    const { type, object } = change;
    if (this.#last?.type === type && this.#last.object === object) return this.#last.frame;
    const bytes = Buffer.concat([
      Buffer.from(`{"type":"${type}","object":`),
      this.#json.document(object),
      Buffer.from("}\n"),
    ]);
    this.#last = { type, object, frame: bytes };
    return bytes;
  }
}

function frame(type: Change["type"], object: object): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}

function bookmark(info: ResourceInfo, { revision, initialEventsEnd }: Bookmark): object {
  const apiVersion = info.group === "" ? info.version : `${info.group}/${info.version}`;
  return {
    kind: info.kind,
    apiVersion,
    metadata: {
      resourceVersion: String(revision),
      ...(initialEventsEnd && { annotations: { "k8s.io/initial-events-end": "true" } }),
    },
  };
}

/** The listing with which a watch begins, and the bookmark behind it. */
export function* initialChanges(objects: readonly KubeObject[], mark: Bookmark | undefined): Generator<Change> {
  for (const object of objects) yield { type: "ADDED", object } satisfies ObjectChange;
  if (mark) yield mark;
}

/** Milliseconds between two bookmarks. */
const BOOKMARK_EVERY = 60_000;
/** Milliseconds before the end of a watch at which it gets its last bookmark. */
const BOOKMARK_BEFORE_END = 2000;

/** Ends a watch after `timeout` milliseconds and sends bookmarks until then. The returned function stops both. */
export function watchTimers(
  clock: Clock,
  stream: WatchStream,
  timeout: number,
  mark: (() => Bookmark) | undefined,
): Cancel {
  const cancelEnd = clock.after(timeout, () => stream.end());
  let cancelBookmark: Cancel = () => undefined;
  const last = timeout - BOOKMARK_BEFORE_END;
  const started = clock.monotonic();
  const schedule = (): void => {
    const past = clock.monotonic() - started;
    if (!mark || past >= last) return;
    cancelBookmark = clock.after(Math.min(BOOKMARK_EVERY, last - past), () => {
      stream.push(mark());
      schedule();
    });
  };
  schedule();
  return () => {
    cancelEnd();
    cancelBookmark();
  };
}
