import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../lib/app-error.ts";
import { RevisionStore, type StoreOptions } from "./revision-store.ts";
import { describeSqliteError, isPlainReadOnly, SQLITE, sqliteCode } from "./sqlite-error.ts";
import { SCHEMA, SqliteHistory } from "./sqlite-history.ts";
import type { Store } from "./store.ts";

export interface SqliteOptions extends StoreOptions {
  /** The file may not grow beyond this; a write that would is refused as on a full disk. Default: no limit of ours. */
  readonly maxBytes?: number;
}

/**
 * Opens the store in the file `path`, which is made (mode 0600) when it is not there. The directory must exist.
 * Whatever a crash left behind is recovered; a damaged file is left for its owner to look at. Fails with an AppError when
 * `home-in-use`: another process has it open; `store-damaged`: the file is not what this program wrote;
 * `store-too-new`: a newer version wrote it; `store-unwritable`: file or directory cannot be written.
 */
export function openSqliteStore(path: string, options: SqliteOptions): Store {
  if (!existsSync(path)) create(path);
  if (statSync(path).size === 0) throw damaged(path, "it is empty");
  checkWritable(path);
  const database = new DatabaseSync(path, { open: false });
  try {
    database.open();
    takeExclusively(database, path);
    checkContent(database, path);
    if (options.maxBytes !== undefined) {
      database.exec(
        `PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pragma(database, "page_size")))}`,
      );
    }
    const history = new SqliteHistory(database, path, () => rmSync(pidFile(path), { force: true }));
    return new RevisionStore(history, options);
  } catch (error) {
    if (database.isOpen) database.close();
    throw error instanceof AppError ? error : refusal(error, path);
  }
}

/** "SLUI": says in the file's header that it is ours. https://www.sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x534c5549;
const SCHEMA_VERSION = 1;

/** Up to this size every page is looked at when the file is opened; 16 MB cost about 10 ms. */
const CHECKED_BYTES = 16 * 1024 * 1024;

/** The write-ahead log is cut back to this after a burst of writes. */
const LOG_BYTES = 16 * 1024 * 1024;

/**
 * Makes an empty store beside its place and links it there when it is whole: an empty or half-written file in that place
 * was never made by us, and is refused.
 */
function create(path: string): void {
  if (existsSync(`${path}-wal`)) throw damaged(path, `it is missing, but its log ${path}-wal is there`);
  const fresh = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    closeSync(openSync(fresh, "wx", 0o600));
    const database = new DatabaseSync(fresh);
    try {
      // Not yet with a write-ahead log: when the disk is full, closing would leave it uncopied, and say nothing.
      database.exec(`PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; BEGIN; ${SCHEMA} COMMIT`);
    } finally {
      database.close();
    }
    linkSync(fresh, path);
    syncDirectory(dirname(path));
  } catch (error) {
    // Somebody else made it meanwhile: open that one.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw refusal(error, path);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(fresh + suffix, { force: true });
  }
}

/** SQLite falls back to reading only, and calls the lock that it cannot have then a fault of the disk. */
function checkWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new AppError("store-unwritable", `cannot open ${path}: the file or its directory is read-only`, { cause });
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * SQLite holds its own lock on the file until the process ends, however it ends, so no lock can be left behind. The file with
 * the process id is only for the message.
 */
function takeExclusively(database: DatabaseSync, path: string): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  // Before anything that writes: SQLite takes a file of zeros for a new database.
  checkOrigin(database, path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT");
  database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
  try {
    writeFileSync(pidFile(path), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // A full disk does not keep the store from being read.
  }
}

function checkOrigin(database: DatabaseSync, path: string): void {
  if (pragma(database, "application_id") !== APPLICATION_ID) throw damaged(path, "it was not written by Sluice");
  const version = pragma(database, "user_version");
  if (version <= SCHEMA_VERSION) return;
  throw new AppError("store-too-new", `${path} was written by a newer version of Sluice (schema ${version})`);
}

function checkContent(database: DatabaseSync, path: string): void {
  if (pragma(database, "page_count") * pragma(database, "page_size") <= CHECKED_BYTES) {
    const fault = firstColumn(database, "PRAGMA quick_check(1)");
    if (fault !== "ok") throw damaged(path, String(fault));
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(firstColumn(database, `PRAGMA ${name}`));
}

function firstColumn(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}

function pidFile(path: string): string {
  return `${path}.pid`;
}

function holder(path: string): string {
  try {
    return `process ${readFileSync(pidFile(path), "utf8").trim()}`;
  } catch {
    return "another process";
  }
}

function damaged(path: string, why: string, cause?: unknown): AppError {
  return new AppError("store-damaged", `${path} is damaged: ${why}`, { cause });
}

function refusal(error: unknown, path: string): AppError {
  switch (sqliteCode(error)) {
    case SQLITE.BUSY:
      return new AppError("home-in-use", `${path} is in use by ${holder(path)}`, { cause: error });
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
    // "unsupported file format": a number in the header that no SQLite wrote.
    case SQLITE.ERROR:
      return damaged(path, (error as Error).message, error);
    case SQLITE.READONLY:
      // Whether it may be written has been looked at: it is the header that forbids it. A folder has a code of its own.
      if (isPlainReadOnly(error)) return damaged(path, "its header says that it may only be read", error);
      break;
    case 0:
      if ((error as NodeJS.ErrnoException).code === undefined) return damaged(path, (error as Error).message, error);
  }
  return new AppError("store-unwritable", `cannot open ${path}: ${describeSqliteError(error)}`, { cause: error });
}
