import type { Change, History, Loaded, PastChange, Retention } from "./history.ts";
import { RevisionStore, type StoreOptions } from "./revision-store.ts";
import type { Store } from "./store.ts";

/** A store that lives and dies with the process. Documents are frozen, so that tests catch whoever changes a shared one. */
export function memoryStore(options: StoreOptions): Store {
  return new RevisionStore(new MemoryHistory(), { freeze: true, ...options });
}

interface Row extends Change {
  readonly time: number;
}

/** The log in memory: the plainest History that obeys the contract. */
export class MemoryHistory implements History {
  readonly #rows = new Map<number, Row>();
  #oldest = 0;

  load(): Loaded {
    return { revision: 0, oldest: 0, reserved: Number.MAX_SAFE_INTEGER, documents: [] };
  }

  append(changes: readonly Change[], time: number): void {
    for (const change of changes) this.#rows.set(change.revision, { ...change, time });
  }

  changes(resource: string, after: number, upTo: number): readonly PastChange[] {
    return this.#between(after, upTo)
      .filter((row) => row.resource === resource)
      .map((row) => {
        const previousText = this.#rows.get(row.previous)?.text;
        return { ...row, ...(previousText !== undefined && { previousText }) };
      });
  }

  changedSince(resource: string, prefix: string, at: number): ReadonlyMap<string, string | undefined> {
    const before = new Map<string, string | undefined>();
    for (const row of this.#between(at, Number.MAX_SAFE_INTEGER)) {
      if (row.resource !== resource || !row.key.startsWith(prefix) || before.has(row.key)) continue;
      before.set(row.key, this.#rows.get(row.previous)?.text);
    }
    return before;
  }

  horizon(retention: Retention, now: number): number {
    const rows = this.#between(this.#oldest, Number.MAX_SAFE_INTEGER);
    const old = rows.findLast((row) => row.time < now - retention.milliseconds);
    const surplus = rows.at(-retention.events - 1);
    const horizon = Math.max(this.#oldest, old?.revision ?? 0, surplus?.revision ?? 0);
    return Math.min(horizon, Math.max(this.#oldest, (rows.at(-1)?.revision ?? 0) - 1));
  }

  compact(oldest: number): number {
    for (const row of this.#between(this.#oldest, oldest)) {
      this.#rows.delete(row.previous);
      if (row.removed) this.#rows.delete(row.revision);
    }
    this.#oldest = oldest;
    return oldest;
  }

  close(): void {
    this.#rows.clear();
  }

  #between(after: number, upTo: number): Row[] {
    return [...this.#rows.values()].filter((row) => row.revision > after && row.revision <= upTo);
  }
}
