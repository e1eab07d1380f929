import { hasFailed, type RequestRecord } from "./load/record.ts";

/** What the clients saw of one version of the restaurant service. Pure functions over the load generator's records. */

/** The requests that were answered by this version. */
export function answeredBy(records: readonly RequestRecord[], version: string): readonly RequestRecord[] {
  return records.filter((record) => record.version === version);
}

/** When the last request that this version answered was sent; undefined when it answered none. */
export function lastSentTo(records: readonly RequestRecord[], version: string): number | undefined {
  const times = answeredBy(records, version).map(({ at }) => at);
  return times.length === 0 ? undefined : Math.max(...times);
}

export function failuresIn(records: readonly RequestRecord[]): readonly RequestRecord[] {
  return records.filter(hasFailed);
}

export function usersOf(records: readonly RequestRecord[]): ReadonlySet<string> {
  return new Set(records.map(({ user }) => user));
}

/** The requests that were sent from `from` on and before `to`. */
export function sentBetween(records: readonly RequestRecord[], from: number, to: number): readonly RequestRecord[] {
  return records.filter(({ at }) => at >= from && at < to);
}

/** Whether the request went to the restaurant service by itself, and not through the gateway. */
export function isDirect({ operation }: RequestRecord): boolean {
  return /restaurant|menu/.test(operation);
}

/** How many requests each version of the restaurant service answered, in the order of versions. */
export function versionCounts(
  records: readonly RequestRecord[],
): readonly (readonly [version: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const record of records) {
    if (record.version !== undefined && isDirect(record))
      counts.set(record.version, (counts.get(record.version) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
