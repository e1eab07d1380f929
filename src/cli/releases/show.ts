import type { Release } from "../../api/generated/sluice-dev.ts";
import { formatAge } from "../../lib/age.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { ColumnWriter } from "../kube/server-table.ts";
import { phaseOf } from "./releases.ts";

/** What `sluice release` prints of Releases. Pure: the texts of the status are the release controller's. */

export function releaseSummary(release: Release, now: number): string {
  const { metadata, spec, status = {} } = release;
  const rows = [
    ["Release", metadata.name],
    ["Version", `${spec.fromVersion ?? "?"} → ${spec.version ?? "?"}`],
    ["Phase", `${phaseOf(release)}${status.held?.reason === undefined ? "" : ` (${status.held.reason})`}`],
    ["Weight", status.weightText ?? "0 %"],
    ["Age", ageOf(release, now)],
    ["New version", countsText(status.new)],
    ["Old version", countsText(status.old)],
  ];
  const lines = [new ColumnWriter(0, 2).write(rows.map(([name, value = ""]) => [`${name}:`, value]))];
  const { odds, endpoint } = status.evidence ?? {};
  if (odds !== undefined)
    lines.push(`Evidence that the new version is worse: ${odds}${endpoint === undefined ? "" : ` (${endpoint})`}\n`);
  if (status.message) lines.push(`${status.message}\n`);
  if (status.receipt) lines.push(`${status.receipt}\n`);
  return lines.join("");
}

export function releaseHistory(releases: readonly Release[]): string {
  const rows = releases.map((release) => {
    const { metadata, spec, status = {} } = release;
    const { requests = 0, failures = 0, usersHit = 0 } = status.new ?? {};
    return [
      metadata.name,
      spec.version ?? "?",
      spec.fromVersion ?? "?",
      phaseOf(release),
      status.weightText ?? "0 %",
      String(requests),
      String(failures),
      String(usersHit),
      status.startTime ?? metadata.creationTimestamp,
      durationOf(release),
    ];
  });
  const header = ["NAME", "VERSION", "FROM", "PHASE", "WEIGHT", "REQUESTS", "FAILED", "USERS-HIT", "STARTED", "TOOK"];
  return new ColumnWriter().write([header, ...rows]);
}

/** The receipt, and how it came to that: each decision with its time and reason. */
export function releaseReasons(release: Release): string {
  const { receipt, message, decisions = [] } = release.status ?? {};
  const rows = decisions.map(({ time, weight = 0, what, why = "" }) => [time, `${weight} %`, what, why]);
  const table = new ColumnWriter().write([["TIME", "WEIGHT", "DECISION", "WHY"], ...rows]);
  const verdict = receipt ?? message ?? "Nothing has been decided yet.";
  return decisions.length === 0 ? `${verdict}\n` : `${verdict}\n\n${table}`;
}

function countsText(counts: NonNullable<Release["status"]>["new"]): string {
  const { requests = 0, failures = 0, users = 0, usersHit = 0 } = counts ?? {};
  // Users are known from the first look at the traffic, requests count from the first user of the new version.
  if (requests === 0) return "0 requests";
  return `${requests} ${requests === 1 ? "request" : "requests"}, ${failures} failed; ${users} ${users === 1 ? "user" : "users"}, ${usersHit} saw a failure`;
}

function ageOf({ metadata }: Release, now: number): string {
  return formatAge(now - (parseTimestamp(metadata.creationTimestamp) ?? now));
}

function durationOf({ status }: Release): string {
  const [start, end] = [parseTimestamp(status?.startTime), parseTimestamp(status?.endTime)];
  return start === undefined || end === undefined ? "" : formatAge(end - start);
}
