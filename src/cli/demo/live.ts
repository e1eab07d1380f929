import { ColumnWriter } from "../kube/server-table.ts";
import { count } from "./claims.ts";
import { sentBetween, versionCounts } from "./client-view.ts";
import { type LoadSummary, summarise } from "./load/record.ts";
import { readyPods } from "./readiness.ts";
import type { ActReport } from "./report.ts";
import type { Live } from "./screen.ts";
import { RESTAURANT, type Stage } from "./stage.ts";

/** The present is the last second for which the log is surely whole. */
const RECENT = 1000;

/** What is seen of the act that plays: a table of the acts so far on a terminal, a line elsewhere. */
export function liveView(stage: Stage, done: readonly ActReport[], act: string, from: number): Live {
  return {
    table: () => {
      const summary = summarise(stage.records, from, stage.now);
      const now = { name: act, ...summary, seconds: (stage.now - from) / 1000 };
      return [...actTable([...done, now]), ...presentLines(stage)];
    },
    lines: () => {
      if (stage.records.length === 0) return [];
      const [first = "", ...others] = presentLines(stage);
      return [`${totals(summarise(stage.records, from, stage.now))} | ${first}`, ...others];
    },
  };
}

type Row = Pick<ActReport, "name" | "sent" | "failed" | "usersHit" | "seconds">;

function actTable(acts: readonly Row[]): readonly string[] {
  const rows = acts.map(({ name, sent, failed, usersHit, seconds }) => [
    name,
    count(sent),
    count(failed),
    count(usersHit),
    seconds.toFixed(1),
  ]);
  const header = ["ACT", "REQUESTS", "FAILED", "USERS HIT", "SECONDS"];
  return new ColumnWriter()
    .write([header, ...rows])
    .trimEnd()
    .split("\n");
}

function totals({ sent, failed, usersHit }: LoadSummary): string {
  return `${count(sent)} sent, ${count(failed)} failed, ${count(usersHit)} users hit`;
}

/** Who answers now, how many pods there are, what the release says. */
function presentLines(stage: Stage): readonly string[] {
  if (stage.records.length === 0) return [];
  const recent = sentBetween(stage.records, stage.now - RECENT, stage.now);
  const versions = versionCounts(recent).map(([version, number]) => `${version} ${number}/s`);
  const pods = stage.restaurantPods();
  const ready = readyPods(pods, { app: RESTAURANT }).length;
  const lines = [`${recent.length}/s: ${versions.join(", ")} | ${ready} pods ready of ${pods.length}`];
  const release = stage.release();
  const { phase, weightText = "0 %", message } = release?.status ?? {};
  if (phase !== undefined) lines.push(`${release?.metadata.name ?? ""}: ${phase} at ${weightText}: ${message ?? ""}`);
  return lines;
}
