/** One request of the load generator, as a line of its log. */
export interface RequestRecord {
  /** Milliseconds since the epoch at which it was sent. */
  readonly at: number;
  /** Milliseconds until the answer was read whole, or until it failed. */
  readonly took: number;
  readonly user: string;
  readonly operation: string;
  readonly method: "GET" | "POST";
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** Why there was no usable answer: `ECONNRESET`, `timeout`, `unparsable`, … */
  readonly error?: string;
  /** Version of the service that answered (header `ftgo-version`). */
  readonly version?: string;
}

export interface LoadSummary {
  readonly sent: number;
  /** 5xx, connection reset or refused, timeout, unparsable answer. */
  readonly failed: number;
  /** 4xx, which are the client's fault. */
  readonly refused: number;
  readonly users: number;
  /** Users who saw at least one failure. */
  readonly usersHit: number;
  readonly byVersion: Readonly<Record<string, number>>;
}

export function hasFailed(record: RequestRecord): boolean {
  return record.error !== undefined || (record.status ?? 500) >= 500;
}

/** Sums up what was sent at or after `from` and before `to`. */
export function summarise(
  records: Iterable<RequestRecord>,
  from: number = 0,
  to: number = Number.POSITIVE_INFINITY,
): LoadSummary {
  let sent = 0;
  let failed = 0;
  let refused = 0;
  const users = new Set<string>();
  const hit = new Set<string>();
  const byVersion: Record<string, number> = {};
  for (const record of records) {
    if (record.at < from || record.at >= to) continue;
    sent++;
    users.add(record.user);
    if (hasFailed(record)) {
      failed++;
      hit.add(record.user);
    } else if ((record.status ?? 0) >= 400) refused++;
    if (record.version !== undefined) byVersion[record.version] = (byVersion[record.version] ?? 0) + 1;
  }
  return { sent, failed, refused, users: users.size, usersHit: hit.size, byVersion };
}

/** Reads a log; a last line that is not complete is left out. */
export function parseLog(text: string): readonly RequestRecord[] {
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return complete.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as RequestRecord]));
}
