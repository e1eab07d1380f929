import type { KubeObject } from "../api/object.ts";
import { StatusError } from "../api/status-error.ts";
import type { Cancel, Clock } from "../lib/clock.ts";
import type { Logger } from "../observe/logger.ts";
import { sameDocument } from "./document-equality.ts";
import { DocumentTable } from "./document-table.ts";
import { EventRing } from "./event-ring.ts";
import { type Change, type History, parseDocument, type Retention, StoredDocument } from "./history.ts";
import type { Decide, Decision, Store, StoreEvent, StoreWatch, Written } from "./store.ts";

export interface StoreOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Resources (`group/plural`) that are kept in memory only; after a restart they are empty. */
  readonly ephemeral?: ReadonlySet<string>;
  readonly retention?: Retention;
  /** How much of the newest past is held in memory; what is older is read from the log. Default: 1024 events, 8 MiB of JSON. */
  readonly recent?: { readonly events: number; readonly bytes: number };
  /** Freezes every written document, so that whoever changes a shared one is caught in the act; for tests. */
  readonly freeze?: boolean;
}

/** A quarter of an hour, so that "as it was ten minutes ago" can be answered. */
const DEFAULT_RETENTION: Retention = { milliseconds: 15 * 60_000, events: 50_000 };

/**
 * How many revisions are reserved on disk at once for ephemeral documents. After a crash the revisions go on behind the reserved
 * ones, so that none is given twice. At 20 ephemeral writes a second that is one extra write to disk an hour.
 */
const RESERVED_BLOCK = 65_536;

/** How many revisions a watcher that lags behind is given from disk in one event-loop turn. */
const REPLAY_PAGE = 4096;

/** Milliseconds until a watcher's reading of the past, which the disk refused, is tried again. */
const REPLAY_RETRY = 1000;

const DEFAULT_RECENT = { events: 1024, bytes: 8 * 1024 * 1024 };

/** A change that its turn has not made durable yet. */
interface Staged {
  readonly resource: string;
  readonly key: string;
  readonly ephemeral: boolean;
  /** Absent when the document is removed. */
  readonly document: StoredDocument | undefined;
  /** Revision of the document that this change replaces or removes; 0 when there was none. */
  readonly previousRevision: number;
  readonly event: StoreEvent;
  readonly text: string;
}

/** What one event-loop turn has written, and who waits for it. */
class Turn {
  readonly staged: Staged[] = [];
  /** The newest staged change of each key. */
  readonly newest = new Map<string, Staged>();
  readonly durable: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly ephemeral: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  constructor() {
    // Whoever wrote hears of a failure through his own promise.
    this.durable.promise.catch(() => undefined);
    this.ephemeral.promise.catch(() => undefined);
  }

  outcome(ephemeral: boolean): Promise<void> {
    return (ephemeral ? this.ephemeral : this.durable).promise;
  }
}

interface Watcher {
  readonly resource: string;
  readonly listener: (event: StoreEvent) => void;
  /** Everything up to this revision has been delivered. */
  cursor: number;
  closed: boolean;
  /** Calls off the next attempt to read the past. */
  cancelRetry?: Cancel;
}

/** The store over a History: documents and newest events in memory, every change durable before anyone sees it. */
export class RevisionStore implements Store {
  readonly #history: History;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ephemeral: ReadonlySet<string>;
  readonly #retention: Retention;
  readonly #freeze: boolean;

  readonly #tables = new Map<string, DocumentTable>();
  readonly #durableEvents: EventRing;
  readonly #ephemeralEvents: EventRing;
  readonly #live = new Map<string, Set<Watcher>>();
  readonly #replaying = new Set<Watcher>();

  #revision: number;
  /** Every live watcher has heard everything up to here: behind `#revision` while a turn is being told. */
  #told: number;
  #oldest: number;
  #reserved: number;
  /** The newest revision given to a write, visible or not. Never goes back, not even when a turn fails. */
  #assigned: number;
  #turn: Turn | undefined;
  #deciding = false;
  #closed = false;
  #cancelCompaction: Cancel = () => undefined;

  constructor(history: History, options: StoreOptions) {
    this.#history = history;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#ephemeral = options.ephemeral ?? new Set();
    this.#retention = options.retention ?? DEFAULT_RETENTION;
    this.#freeze = options.freeze ?? false;
    const loaded = history.load();
    for (const { resource, key, revision, text } of loaded.documents) {
      this.#table(resource).set(key, StoredDocument.unread(revision, text));
    }
    this.#revision = loaded.revision;
    this.#told = loaded.revision;
    this.#assigned = loaded.revision;
    this.#oldest = loaded.oldest;
    this.#reserved = loaded.reserved;
    const { events, bytes } = options.recent ?? DEFAULT_RECENT;
    this.#durableEvents = new EventRing(loaded.revision, events, bytes);
    this.#ephemeralEvents = new EventRing(loaded.revision, events, bytes);
    this.#scheduleCompaction();
  }

  get revision(): number {
    return this.#revision;
  }

  get oldestRevision(): number {
    return this.#oldest;
  }

  get(resource: string, key: string): KubeObject | undefined {
    return this.#tables.get(resource)?.get(key)?.object;
  }

  list(resource: string, prefix = "", at: number = this.#revision): readonly KubeObject[] {
    if (at > this.#revision) throw tooLarge(at, this.#revision);
    const table = this.#table(resource);
    if (at === this.#revision) return table.list(prefix);
    this.#refuseExpired(resource, at);
    const events = this.#events(resource);
    return table.listWith(
      prefix,
      at >= events.floor ? events.changedSince(resource, prefix, at) : this.#changedSince(resource, prefix, at),
    );
  }

  write(resource: string, key: string, decide: Decide): Promise<Written> {
    if (this.#closed) return Promise.reject(new StatusError("ServiceUnavailable", "the store is closed"));
    const ephemeral = this.#ephemeral.has(resource);
    const id = `${resource} ${key}`;
    const unsettled = this.#turn?.newest.get(id);
    const current = unsettled ? unsettled.document : this.#tables.get(resource)?.get(key);
    // What rests on a change that is not durable yet is not told before that change is.
    const ground = unsettled ? this.#turn?.outcome(ephemeral) : undefined;
    let staged: Staged | undefined;
    let decision: Decision;
    try {
      decision = this.#decide(decide, current?.object);
      staged = this.#stage(resource, key, current, decision);
    } catch (error) {
      return ground ? ground.then(() => Promise.reject(error as Error)) : Promise.reject(error as Error);
    }
    if (!staged) {
      const object = decision.kind === "put" && current ? current.object : resultOf(decision);
      return (ground ?? Promise.resolve()).then(() => ({ object, changed: false }));
    }
    this.#assigned = staged.event.revision;
    const turn = this.#openTurn();
    turn.staged.push(staged);
    turn.newest.set(id, staged);
    return turn.outcome(ephemeral).then(() => ({ object: resultOf(decision), changed: true }));
  }

  watch(resource: string, from: number, listener: (event: StoreEvent) => void): StoreWatch {
    this.#refuseExpired(resource, from);
    const watcher: Watcher = { resource, listener, cursor: from, closed: false };
    this.#replaying.add(watcher);
    queueMicrotask(() => this.#replay(watcher));
    const revision = (): number => (this.#replaying.has(watcher) ? watcher.cursor : this.#told);
    return {
      get revision() {
        return revision();
      },
      [Symbol.dispose]: () => {
        watcher.closed = true;
        watcher.cancelRetry?.();
        this.#replaying.delete(watcher);
        this.#live.get(resource)?.delete(watcher);
      },
    };
  }

  /** Commits what is still to be committed and lets go of the disk. Watchers hear nothing more. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#cancelCompaction();
      this.#commit();
      this.#live.clear();
      for (const watcher of this.#replaying) watcher.cancelRetry?.();
      this.#replaying.clear();
      try {
        this.#history.close(this.#assigned);
      } catch (error) {
        this.#log.warn("the store was not closed cleanly", { error: (error as Error).message });
      }
    }
    return Promise.resolve();
  }

  #decide(decide: Decide, current: KubeObject | undefined): Decision {
    if (this.#deciding) throw new Error("decide must not write");
    this.#deciding = true;
    try {
      return decide(current, this.#assigned + 1);
    } finally {
      this.#deciding = false;
    }
  }

  /** The change that a decision asks for, or nothing when it changes nothing. */
  #stage(resource: string, key: string, current: StoredDocument | undefined, decision: Decision): Staged | undefined {
    if (decision.kind === "keep") return undefined;
    const object = resultOf(decision);
    const removed = decision.kind === "remove";
    if (removed ? !current : current && sameDocument(current.object, object)) return undefined;
    if (this.#freeze) deepFreeze(object);
    const revision = this.#assigned + 1;
    const event: StoreEvent = {
      revision,
      key,
      ...(removed ? { last: object } : { object }),
      ...(current && { previous: current.object }),
    };
    return {
      resource,
      key,
      ephemeral: this.#ephemeral.has(resource),
      document: removed ? undefined : StoredDocument.of(revision, object),
      previousRevision: current?.revision ?? 0,
      event,
      text: JSON.stringify(object),
    };
  }

  #openTurn(): Turn {
    if (!this.#turn) {
      this.#turn = new Turn();
      setImmediate(() => this.#commit());
    }
    return this.#turn;
  }

  #commit(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = undefined;
    const { failure, ephemeralFailure } = this.#makeDurable(turn);
    const visible = turn.staged.filter((staged) => !(staged.ephemeral ? ephemeralFailure : failure));
    for (const staged of visible) this.#show(staged);
    if (failure) turn.durable.reject(failure);
    else turn.durable.resolve();
    if (ephemeralFailure) turn.ephemeral.reject(ephemeralFailure);
    else turn.ephemeral.resolve();
    for (const staged of visible) {
      this.#publish(staged);
      this.#told = staged.event.revision;
    }
  }

  /** Ephemeral changes go on when the disk refuses, as long as there are reserved revisions left. */
  #makeDurable(turn: Turn): { readonly failure?: StatusError; readonly ephemeralFailure?: StatusError } {
    const changes = turn.staged.filter((staged) => !staged.ephemeral).map(changeOf);
    const lastEphemeral = turn.staged.findLast((staged) => staged.ephemeral)?.event.revision;
    const mustReserve = lastEphemeral !== undefined && lastEphemeral > this.#reserved;
    if (changes.length === 0 && !mustReserve) return {};
    const mayReserve = lastEphemeral !== undefined && lastEphemeral > this.#reserved - RESERVED_BLOCK / 2;
    const reserved = mustReserve || mayReserve ? this.#assigned + RESERVED_BLOCK : undefined;
    try {
      this.#history.append(changes, this.#clock.now(), reserved);
    } catch (error) {
      const failure = error as StatusError;
      this.#log.error("cannot write to disk", { error: failure.message, writes: changes.length });
      return mustReserve ? { failure, ephemeralFailure: failure } : { failure };
    }
    this.#reserved = reserved ?? this.#reserved;
    return {};
  }

  #show(staged: Staged): void {
    const table = this.#table(staged.resource);
    if (staged.document) table.set(staged.key, staged.document);
    else table.delete(staged.key);
    this.#events(staged.resource).push(staged.resource, staged.event, staged.text.length);
    this.#revision = staged.event.revision;
  }

  #publish(staged: Staged): void {
    for (const watcher of this.#live.get(staged.resource) ?? []) this.#deliver(watcher, staged.event);
  }

  #deliver(watcher: Watcher, event: StoreEvent): void {
    if (watcher.closed || event.revision <= watcher.cursor) return;
    watcher.cursor = event.revision;
    try {
      watcher.listener(event);
    } catch (error) {
      this.#log.error("a watcher failed", { resource: watcher.resource, error });
    }
  }

  /** Brings a watcher up to the present, from the log where memory does not reach back, and then lets it live. */
  #replay(watcher: Watcher): void {
    if (watcher.closed || this.#closed) return;
    const { resource } = watcher;
    const events = this.#events(resource);
    if (watcher.cursor < events.floor) {
      try {
        this.#replayPage(watcher);
      } catch (error) {
        this.#log.error("cannot read the past", { resource, after: watcher.cursor, error });
        watcher.cancelRetry = this.#clock.after(REPLAY_RETRY, () => this.#replay(watcher));
        return;
      }
      if (watcher.cursor < events.floor) {
        setImmediate(() => this.#replay(watcher));
        return;
      }
    }
    for (const event of events.after(resource, watcher.cursor)) this.#deliver(watcher, event);
    this.#replaying.delete(watcher);
    if (!watcher.closed) this.#liveWatchers(resource).add(watcher);
  }

  #replayPage(watcher: Watcher): void {
    const upTo = Math.min(watcher.cursor + REPLAY_PAGE, this.#revision);
    for (const event of this.#pastEvents(watcher.resource, watcher.cursor, upTo)) this.#deliver(watcher, event);
    watcher.cursor = upTo;
  }

  #pastEvents(resource: string, after: number, upTo: number): StoreEvent[] {
    const table = this.#table(resource);
    const parsed = new Map<number, KubeObject>();
    const objectOf = (key: string, revision: number, text: string): KubeObject => {
      const newest = table.get(key);
      if (newest?.revision === revision) return newest.object;
      const object = parsed.get(revision) ?? parseDocument(text);
      parsed.set(revision, object);
      return object;
    };
    return this.#history.changes(resource, after, upTo).map((change) => {
      const { revision, key, removed, text, previous, previousText } = change;
      return {
        revision,
        key,
        ...(removed ? { last: parseDocument(text) } : { object: objectOf(key, revision, text) }),
        ...(previousText !== undefined && { previous: objectOf(key, previous, previousText) }),
      };
    });
  }

  #changedSince(resource: string, prefix: string, at: number): Map<string, KubeObject | undefined> {
    const before = new Map<string, KubeObject | undefined>();
    for (const [key, text] of this.#history.changedSince(resource, prefix, at)) {
      before.set(key, text === undefined ? undefined : parseDocument(text));
    }
    return before;
  }

  #scheduleCompaction(): void {
    if (this.#closed) return;
    this.#cancelCompaction = this.#clock.after(this.#retention.milliseconds / 15, () => this.#compact());
  }

  /** Forgets what is too old, a little in each event-loop turn. A watcher that is still reading the past is waited for. */
  #compact(): void {
    if (this.#closed) return;
    try {
      let target = this.#history.horizon(this.#retention, this.#clock.now());
      for (const watcher of this.#replaying) target = Math.min(target, watcher.cursor);
      if (target > this.#oldest) {
        this.#oldest = this.#history.compact(target);
        if (this.#oldest < target) {
          setImmediate(() => this.#compact());
          return;
        }
      }
    } catch (error) {
      this.#log.warn("cannot forget old revisions", { error: (error as Error).message });
    }
    this.#scheduleCompaction();
  }

  #refuseExpired(resource: string, revision: number): void {
    const oldest = this.#ephemeral.has(resource) ? this.#ephemeralEvents.floor : this.#oldest;
    if (revision < oldest) {
      throw new StatusError("Expired", `too old resource version: ${revision} (${oldest})`);
    }
  }

  #events(resource: string): EventRing {
    return this.#ephemeral.has(resource) ? this.#ephemeralEvents : this.#durableEvents;
  }

  #table(resource: string): DocumentTable {
    let table = this.#tables.get(resource);
    if (!table) {
      table = new DocumentTable();
      this.#tables.set(resource, table);
    }
    return table;
  }

  #liveWatchers(resource: string): Set<Watcher> {
    let watchers = this.#live.get(resource);
    if (!watchers) {
      watchers = new Set();
      this.#live.set(resource, watchers);
    }
    return watchers;
  }
}

function changeOf({ event, resource, key, previousRevision, document, text }: Staged): Change {
  return { revision: event.revision, resource, key, previous: previousRevision, removed: !document, text };
}

function resultOf(decision: Decision): KubeObject {
  return decision.kind === "remove" ? decision.last : decision.object;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#unavailable-resource-versions */
function tooLarge(at: number, current: number): StatusError {
  const message = `Too large resource version: ${at}, current: ${current}`;
  return new StatusError("Timeout", message, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
