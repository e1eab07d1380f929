import type { KubeObject } from "../api/object.ts";
import { AppError } from "../lib/app-error.ts";

/** One change of one durable document, as the log keeps it. */
export interface Change {
  readonly revision: number;
  readonly resource: string;
  readonly key: string;
  /** Revision of the document that this change replaces or removes; 0 when there was none. */
  readonly previous: number;
  readonly removed: boolean;
  /** The new document, or the final state of a removed one, as JSON. */
  readonly text: string;
}

/** A change read back from the log, with the document before it. */
export interface PastChange {
  readonly revision: number;
  readonly key: string;
  readonly removed: boolean;
  readonly text: string;
  readonly previous: number;
  /** The document at revision `previous`; absent when there was none. */
  readonly previousText?: string;
}

/** What the log holds when it is opened. */
export interface Loaded {
  /** No revision above this one was ever handed out. */
  readonly revision: number;
  /** The oldest revision whose state can still be told. */
  readonly oldest: number;
  /** Revisions up to this one may be given to documents that are not in the log. */
  readonly reserved: number;
  readonly documents: Iterable<{
    readonly resource: string;
    readonly key: string;
    readonly revision: number;
    readonly text: string;
  }>;
}

/** How much of the past is kept: whatever is younger than `milliseconds`, but no more than `events` changes. */
export interface Retention {
  readonly milliseconds: number;
  readonly events: number;
}

/**
 * The durable part of a store: an append-only log of changes and the newest document of every key. RevisionStore is its only
 * user and calls it from one thread, never from within itself.
 */
export interface History {
  load(): Loaded;
  /**
   * Makes all `changes` durable at `time`, or none of them; with `reserved`, also the new end of the reserved revisions. Throws a
   * StatusError when the disk refuses; the log is then as it was.
   */
  append(changes: readonly Change[], time: number, reserved?: number): void;
  /** The changes of `resource` with `after` < revision ≤ `upTo`, in order. */
  changes(resource: string, after: number, upTo: number): readonly PastChange[];
  /** The documents of `resource` under `prefix` that have changed since revision `at`, as they were then. */
  changedSince(resource: string, prefix: string, at: number): ReadonlyMap<string, string | undefined>;
  /** The oldest revision that `retention` asks to keep readable at time `now`; never above the newest change but one. */
  horizon(retention: Retention, now: number): number;
  /** Forgets what only revisions below `oldest` need. A bounded amount of work: returns how far it came. */
  compact(oldest: number): number;
  /** Lets go of the files. `reserved`: no revision above it was handed out. */
  close(reserved: number): void;
}

/** The newest state of one key: read from disk as text, parsed when somebody first looks at it. */
export class StoredDocument {
  readonly revision: number;
  #text: string;
  #object: KubeObject | undefined;

  private constructor(revision: number, text: string, object: KubeObject | undefined) {
    this.revision = revision;
    this.#text = text;
    this.#object = object;
  }

  static of(revision: number, object: KubeObject): StoredDocument {
    return new StoredDocument(revision, "", object);
  }

  static unread(revision: number, text: string): StoredDocument {
    return new StoredDocument(revision, text, undefined);
  }

  get object(): KubeObject {
    if (!this.#object) {
      this.#object = parseDocument(this.#text);
      this.#text = "";
    }
    return this.#object;
  }
}

/** Fails with AppError `store-damaged` when the text is not what was written. */
export function parseDocument(text: string): KubeObject {
  try {
    return JSON.parse(text) as KubeObject;
  } catch (cause) {
    throw new AppError("store-damaged", "a document of the store cannot be read", { cause });
  }
}
