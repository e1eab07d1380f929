import { DatabaseSync } from "node:sqlite";
import { AppError } from "../lib/app-error.ts";
import { type Clock, sleep } from "../lib/clock.ts";

/** Primary result code of SQLite for a lock that another process holds. */
const SQLITE_BUSY = 5;

/** Milliseconds after which a lock that is held is tried again: the kernel tells nobody when its holder dies. */
const AGAIN = 50;

/**
 * Takes the lock of those who start or stop an engine, and waits for whoever has it for up to `timeout` milliseconds;
 * then fails with `busy`. It is the lock of an SQLite file, which ends with its holder however that ends: no pid to
 * misread, nothing to clear away after a crash.
 */
export async function takeLock(path: string, clock: Clock, timeout: number): Promise<Disposable> {
  const deadline = clock.monotonic() + timeout;
  const file = open(path);
  try {
    while (!tryLock(file)) {
      if (clock.monotonic() >= deadline)
        throw new AppError("busy", "another sluice command is starting or stopping this engine");
      await sleep(clock, AGAIN);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw new AppError("home-unusable", `${path} cannot be used as lock: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function tryLock(file: DatabaseSync): boolean {
  try {
    // No journal on disk: the lock must be had on a full one, too.
    file.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY) return false;
    throw error;
  }
}
