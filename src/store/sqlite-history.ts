import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { StatusError } from "../api/status-error.ts";
import { AppError } from "../lib/app-error.ts";
import type { Change, History, Loaded, PastChange, Retention } from "./history.ts";
import { describeSqliteError } from "./sqlite-error.ts";

/**
 * The tables. `log` has every change that is still kept; the row of the newest state of a living document is always kept.
 * `head` says which row that is. `ordinal` counts changes without gaps, so that "the newest n" is a search, not a count.
 * `checksum` is over resource, key and document: SQLite itself would not notice a flipped bit in them. `document` comes last:
 * SQLite then finds the other columns without reading through it.
 */
export const SCHEMA = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL, previous INTEGER NOT NULL,
    removed INTEGER NOT NULL, time INTEGER NOT NULL, ordinal INTEGER NOT NULL, checksum INTEGER NOT NULL,
    document TEXT NOT NULL);
  CREATE TABLE head (
    resource TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (resource, key)) WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('oldest', 0), ('reserved', 0);
`;

/** How many revisions one call of `compact` passes at most: some milliseconds of work. */
const COMPACTION_STEP = 1000;

interface LogRow {
  readonly revision: number;
  readonly resource: string;
  readonly key: string;
  readonly checksum: number;
  readonly text: string;
}

interface ChangeRow extends LogRow {
  readonly previous: number;
  readonly removed: number;
}

interface TimeRow extends NewestRow {
  readonly time: number;
}

interface PreviousRow {
  readonly key: string;
  readonly previous: number;
}

interface NewestRow {
  readonly revision: number;
  readonly ordinal: number;
}

interface PassedRow {
  readonly revision: number;
  readonly previous: number;
  readonly removed: number;
}

/** The log in SQLite. The connection is its own and locked against everybody else (sqlite-file.ts). */
export class SqliteHistory implements History {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #release: () => void;
  readonly #statements: Statements;
  #ordinal: number;

  /** `release` is called when the database has been closed. */
  constructor(database: DatabaseSync, path: string, release: () => void) {
    this.#database = database;
    this.#path = path;
    this.#release = release;
    this.#statements = prepare(database);
    this.#ordinal = this.#newest().ordinal;
  }

  load(): Loaded {
    const reserved = this.#meta("reserved");
    const oldest = this.#meta("oldest");
    const revision = Math.max(this.#newest().revision, oldest, reserved);
    const documents = rows<LogRow>(this.#statements.heads).map((row) => this.#verified(row));
    const expected = rows<{ readonly heads: number }>(this.#statements.countHeads)[0]?.heads ?? 0;
    if (documents.length !== expected) throw this.#damage(`${expected - documents.length} documents are missing`);
    return { revision, oldest, reserved, documents };
  }

  append(changes: readonly Change[], time: number, reserved?: number): void {
    const { insert, setHead, deleteHead, setMeta } = this.#statements;
    this.#transact(() => {
      let ordinal = this.#ordinal;
      for (const { revision, resource, key, previous, removed, text } of changes) {
        ordinal += 1;
        insert.run(
          revision,
          resource,
          key,
          previous,
          removed ? 1 : 0,
          time,
          ordinal,
          checksum(resource, key, text),
          text,
        );
        if (removed) deleteHead.run(resource, key);
        else setHead.run(resource, key, revision);
      }
      if (reserved !== undefined) setMeta.run(reserved, "reserved");
    });
    this.#ordinal += changes.length;
  }

  changes(resource: string, after: number, upTo: number): readonly PastChange[] {
    const found = rows<ChangeRow>(this.#statements.changes, after, upTo, resource);
    return found.map((row) => {
      const { revision, key, removed, previous, text } = this.#verified(row);
      return { revision, key, removed: removed === 1, text, previous, ...this.#previousText(row) };
    });
  }

  changedSince(resource: string, prefix: string, at: number): ReadonlyMap<string, string | undefined> {
    const before = new Map<string, string | undefined>();
    for (const { key, previous } of rows<PreviousRow>(this.#statements.changedSince, at, resource)) {
      if (before.has(key) || !key.startsWith(prefix)) continue;
      before.set(key, previous === 0 ? undefined : this.#documentAt(previous));
    }
    return before;
  }

  horizon(retention: Retention, now: number): number {
    const newest = this.#newest().revision;
    const oldest = this.#meta("oldest");
    const cutoff = now - retention.milliseconds;
    const surplus = this.#ordinal - retention.events;
    return this.#lastWhere(oldest, newest - 1, (row) => row.time < cutoff || row.ordinal <= surplus);
  }

  compact(oldest: number): number {
    const { passed, forget, setMeta } = this.#statements;
    const from = this.#meta("oldest");
    const changes = rows<PassedRow>(passed, from, oldest, COMPACTION_STEP);
    const reached = changes.length < COMPACTION_STEP ? oldest : (changes.at(-1)?.revision ?? oldest);
    this.#transact(() => {
      for (const { revision, previous, removed } of changes) {
        if (previous !== 0) forget.run(previous);
        if (removed === 1) forget.run(revision);
      }
      setMeta.run(reached, "oldest");
    });
    return reached;
  }

  close(reserved: number): void {
    try {
      const { setMeta } = this.#statements;
      if (this.#meta("reserved") !== 0) this.#transact(() => setMeta.run(reserved, "reserved"));
    } finally {
      this.#database.close();
      this.#release();
    }
  }

  #newest(): NewestRow {
    return rows<NewestRow>(this.#statements.newest)[0] ?? { revision: 0, ordinal: 0 };
  }

  #meta(name: "oldest" | "reserved"): number {
    return rows<{ readonly value: number }>(this.#statements.meta, name)[0]?.value ?? 0;
  }

  #previousText({ previous }: ChangeRow): { readonly previousText?: string } {
    return previous === 0 ? {} : { previousText: this.#documentAt(previous) };
  }

  #verified<Row extends LogRow>(row: Row): Row {
    const { resource, key, revision, text } = row;
    if (checksum(resource, key, text) === row.checksum) return row;
    throw this.#damage(`${resource} ${key} at revision ${revision} has changed`);
  }

  #damage(what: string): AppError {
    return new AppError("store-damaged", `${this.#path} is damaged: ${what}`);
  }

  #documentAt(revision: number): string {
    const [row] = rows<LogRow>(this.#statements.document, revision);
    if (!row) throw this.#damage(`revision ${revision} is missing`);
    return this.#verified(row).text;
  }

  /**
   * The revision of the newest row in (low, high] for which `holds`; `low` when there is none. By bisection: it holds for the
   * older rows and not for the newer ones. 50,000 changes cost 16 looks.
   */
  #lastWhere(low: number, high: number, holds: (row: TimeRow) => boolean): number {
    const newestUpTo = (revision: number): TimeRow | undefined =>
      rows<TimeRow>(this.#statements.newestBetween, low, revision)[0];
    let from = low;
    let to = Math.max(low, high);
    while (from < to) {
      const middle = from + Math.ceil((to - from) / 2);
      const row = newestUpTo(middle);
      if (!row || holds(row)) from = middle;
      else to = middle - 1;
    }
    return newestUpTo(from)?.revision ?? low;
  }

  #transact(work: () => void): void {
    try {
      this.#statements.begin.run();
      work();
      this.#statements.commit.run();
    } catch (error) {
      this.#rollBack();
      throw new StatusError("InternalError", `cannot write to ${this.#path}: ${describeSqliteError(error)}`);
    }
  }

  /** After some failures SQLite has rolled back already. */
  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#statements.rollback.run();
    } catch {
      // The failure that led here is the one to tell.
    }
  }
}

const LOG_ROW = "log.revision, log.resource, log.key, log.checksum, log.document AS text";

type StatementName =
  | "begin"
  | "commit"
  | "rollback"
  | "insert"
  | "setHead"
  | "deleteHead"
  | "setMeta"
  | "meta"
  | "newest"
  | "heads"
  | "countHeads"
  | "changes"
  | "changedSince"
  | "document"
  | "newestBetween"
  | "passed"
  | "forget";
type Statements = Readonly<Record<StatementName, StatementSync>>;

function prepare(database: DatabaseSync): Statements {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    begin: sql("BEGIN IMMEDIATE"),
    commit: sql("COMMIT"),
    rollback: sql("ROLLBACK"),
    insert: sql("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    setHead: sql("INSERT INTO head VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision"),
    deleteHead: sql("DELETE FROM head WHERE resource = ? AND key = ?"),
    setMeta: sql("UPDATE meta SET value = ? WHERE name = ?"),
    meta: sql("SELECT value FROM meta WHERE name = ?"),
    newest: sql("SELECT revision, ordinal FROM log ORDER BY revision DESC LIMIT 1"),
    heads: sql(`SELECT ${LOG_ROW} FROM head JOIN log
      ON log.revision = head.revision AND log.resource = head.resource AND log.key = head.key AND removed = 0
      ORDER BY head.resource, head.key`),
    countHeads: sql("SELECT count(*) AS heads FROM head"),
    changes: sql(`SELECT ${LOG_ROW}, previous, removed FROM log
      WHERE revision > ? AND revision <= ? AND resource = ? ORDER BY revision`),
    changedSince: sql("SELECT key, previous FROM log WHERE revision > ? AND resource = ? ORDER BY revision"),
    document: sql(`SELECT ${LOG_ROW} FROM log WHERE revision = ?`),
    newestBetween: sql(`SELECT revision, time, ordinal FROM log
      WHERE revision > ? AND revision <= ? ORDER BY revision DESC LIMIT 1`),
    passed: sql(`SELECT revision, previous, removed FROM log
      WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?`),
    forget: sql("DELETE FROM log WHERE revision = ?"),
  };
}

function checksum(resource: string, key: string, text: string): number {
  return crc32(text, crc32(`${resource} ${key}`));
}

/** The rows of a statement whose columns are those of `Row`. */
function rows<Row>(statement: StatementSync, ...parameters: readonly (string | number)[]): readonly Row[] {
  const found: unknown = statement.all(...parameters);
  return found as readonly Row[];
}
