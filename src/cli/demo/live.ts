import { count } from "./claims.ts";
import { sentBetween, versionCounts } from "./client-view.ts";
import { summarise } from "./load/record.ts";
import { readyPods } from "./readiness.ts";
import { RESTAURANT, type Stage } from "./stage.ts";

/** The present is the last second for which the log is surely whole. */
const RECENT = 1000;

/** What the live part of the screen says: the load, who answers it, the pods, the release. */
export function liveLines(stage: Stage, act: string, from: number): readonly string[] {
  const { now, records } = stage;
  if (records.length === 0) return [];
  const { sent, failed, usersHit } = summarise(records, from, now);
  const recent = sentBetween(records, now - RECENT, now);
  const versions = versionCounts(recent).map(([version, number]) => `${version} ${number}/s`);
  const pods = stage.restaurantPods();
  const ready = readyPods(pods, { app: RESTAURANT }).length;
  const lines = [
    `act ${act} | ${recent.length}/s | ${count(sent)} sent, ${count(failed)} failed, ${count(usersHit)} users hit | ${versions.join(", ")} | pods ${ready} ready of ${pods.length}`,
  ];
  const release = stage.release();
  const { phase, weightText = "0 %", message } = release?.status ?? {};
  if (phase !== undefined)
    lines.push(`release ${release?.metadata.name ?? ""}: ${phase} at ${weightText}: ${message ?? ""}`);
  return lines;
}
