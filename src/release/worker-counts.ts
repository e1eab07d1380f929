import type { MeshWorker } from "../api/generated/sluice-dev.ts";

type Status = NonNullable<MeshWorker["status"]>;

/** What one run of a worker has counted in one session, cumulative. Rows are summed over rules and ports. */
export interface EpochCounts {
  readonly epoch: string;
  readonly requests: readonly RequestCount[];
  readonly failures: readonly EpochFailures[];
  /** Users hit beyond those that are named. */
  readonly hitMore: { readonly new: number; readonly old: number };
}

export interface RequestCount {
  readonly w: number;
  readonly new: number;
  readonly old: number;
  readonly drawnNew: number;
  readonly drawnOld: number;
}

export interface EpochFailures {
  readonly w: number;
  readonly endpoint: string;
  readonly new: number;
  readonly old: number;
  /** Failures of new that the old version answered after all. */
  readonly retried: number;
}

/** The two Services of a session, as backend ids begin: `ns/name:`. */
export interface Backends {
  readonly new: string;
  readonly stable: string;
}

export function backendsOf(namespace: string, newService: string, stableService: string): Backends {
  return { new: `${namespace}/${newService}:`, stable: `${namespace}/${stableService}:` };
}

type Version = "new" | "old";

export function versionOf(backend: string, backends: Backends): Version | undefined {
  if (backend.startsWith(backends.new)) return "new";
  return backend.startsWith(backends.stable) ? "old" : undefined;
}

/** The counts of a session in a worker's report; undefined when the worker has no epoch yet. */
export function countsOf(status: Status | undefined, session: string, backends: Backends): EpochCounts | undefined {
  if (!status?.epoch) return undefined;
  return {
    epoch: status.epoch,
    requests: requestCounts(status, session, backends),
    failures: failureCounts(status, session, backends),
    hitMore: hitMore(status, session, backends),
  };
}

function requestCounts(status: Status, session: string, backends: Backends): readonly RequestCount[] {
  const rows = new Map<number, RequestCount>();
  for (const each of status.requests ?? []) {
    const version = each.session === session ? versionOf(each.backend, backends) : undefined;
    if (!version) continue;
    const row = rows.get(each.w) ?? { w: each.w, new: 0, old: 0, drawnNew: 0, drawnOld: 0 };
    const drawn = version === "new" ? "drawnNew" : "drawnOld";
    rows.set(each.w, { ...row, [version]: row[version] + each.requests, [drawn]: row[drawn] + (each.drawn ?? 0) });
  }
  return [...rows.values()].sort((a, b) => a.w - b.w);
}

function failureCounts(status: Status, session: string, backends: Backends): readonly EpochFailures[] {
  const rows = new Map<string, EpochFailures>();
  for (const each of status.failures ?? []) {
    const version = each.session === session ? versionOf(each.backend, backends) : undefined;
    if (!version) continue;
    const key = `${each.w} ${each.endpoint}`;
    const row = rows.get(key) ?? { w: each.w, endpoint: each.endpoint, new: 0, old: 0, retried: 0 };
    const retried = version === "new" ? (each.retried ?? 0) : 0;
    rows.set(key, { ...row, [version]: row[version] + each.failures, retried: row.retried + retried });
  }
  return [...rows.values()].sort((a, b) => a.w - b.w || (a.endpoint < b.endpoint ? -1 : 1));
}

function hitMore(status: Status, session: string, backends: Backends): EpochCounts["hitMore"] {
  const sums = { new: 0, old: 0 };
  for (const each of status.users ?? []) {
    const version = each.session === session ? versionOf(each.backend, backends) : undefined;
    if (version) sums[version] += each.hitMore ?? 0;
  }
  return sums;
}

/** Cumulative counts never go back; a report that is older than what is known changes nothing. */
export function laterCounts(known: EpochCounts | undefined, report: EpochCounts): EpochCounts {
  if (!known) return report;
  const requests = new Map(known.requests.map((row) => [row.w, row]));
  for (const row of report.requests) requests.set(row.w, largest(requests.get(row.w), row));
  const failures = new Map(known.failures.map((row) => [`${row.w} ${row.endpoint}`, row]));
  for (const row of report.failures) {
    const key = `${row.w} ${row.endpoint}`;
    failures.set(key, largest(failures.get(key), row));
  }
  return {
    epoch: report.epoch,
    requests: [...requests.values()].sort((a, b) => a.w - b.w),
    failures: [...failures.values()].sort((a, b) => a.w - b.w || (a.endpoint < b.endpoint ? -1 : 1)),
    hitMore: {
      new: Math.max(known.hitMore.new, report.hitMore.new),
      old: Math.max(known.hitMore.old, report.hitMore.old),
    },
  };
}

/** Field by field the larger number; what names the row is the same in both. */
function largest<T extends RequestCount | EpochFailures>(a: T | undefined, b: T): T {
  if (!a) return b;
  const fields = Object.entries(b).map(([name, value]) => {
    const other: unknown = a[name as keyof T];
    return [name, typeof value === "number" && typeof other === "number" ? Math.max(value, other) : value] as const;
  });
  return Object.fromEntries(fields) as T;
}
