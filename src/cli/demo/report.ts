import { ColumnWriter } from "../kube/server-table.ts";
import { type Claim, count } from "./claims.ts";
import { type RequestRecord, summarise } from "./load/record.ts";

/** What `--report` writes of one act. */
export interface ActReport {
  readonly name: string;
  readonly sent: number;
  /** 5xx, connection reset or refused, timeout, unparsable answer. */
  readonly failed: number;
  /** 4xx, which are counted apart. */
  readonly refused: number;
  readonly usersHit: number;
  readonly seconds: number;
  readonly claims: readonly Claim[];
}

export interface Report {
  readonly acts: readonly ActReport[];
}

/** An act as it went, `from` and `to` in milliseconds since the epoch. */
export interface ActRun {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly claims: readonly Claim[];
}

/** The figures of each act are those of the requests that were sent during it, from the log of the load generator alone. */
export function makeReport(runs: readonly ActRun[], records: readonly RequestRecord[]): Report {
  return {
    acts: runs.map(({ name, from, to, claims }) => {
      const { sent, failed, refused, usersHit } = summarise(records, from, to);
      return { name, sent, failed, refused, usersHit, seconds: Math.round((to - from) / 100) / 10, claims };
    }),
  };
}

/** Whether every claim holds. */
export function holds({ acts }: Report): boolean {
  return acts.every(({ claims }) => claims.length > 0 && claims.every(({ ok }) => ok));
}

/** The table at the end, and what does not hold. */
export function reportText(report: Report): string {
  const rows = report.acts.map(({ name, sent, failed, usersHit, seconds, claims }) => [
    name,
    count(sent),
    count(failed),
    count(usersHit),
    seconds.toFixed(1),
    claims.every(({ ok }) => ok) ? `all ${claims.length} hold` : `${claims.filter(({ ok }) => !ok).length} do not hold`,
  ]);
  const header = ["ACT", "REQUESTS", "FAILED", "USERS HIT", "SECONDS", "CLAIMS"];
  const broken = report.acts.flatMap(({ name, claims }) =>
    claims.filter(({ ok }) => !ok).map(({ text, measured }) => `  ✗ ${name}: ${text}: ${measured}\n`),
  );
  const verdict = broken.length === 0 ? "Every claim holds.\n" : `These claims do not hold:\n${broken.join("")}`;
  return `${new ColumnWriter().write([header, ...rows])}\n${verdict}`;
}
