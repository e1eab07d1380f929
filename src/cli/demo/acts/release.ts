import type { Release } from "../../../api/generated/sluice-dev.ts";
import { parseTimestamp } from "../../../lib/timestamp.ts";
import { revisionOf } from "../../kube/rollout/revisions.ts";
import { phaseOf, releasesOfDeployment } from "../../releases/releases.ts";
import { type Claims, count, seconds } from "../claims.ts";
import { answeredBy, failuresIn, isDirect, sentBetween } from "../client-view.ts";
import { RESTAURANT, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { checkAdoption, checkGoesOn, killControl } from "./kill-control.ts";
import { applyPolicy, beginRelease, current, hashesOf, untilPhase } from "./releasing.ts";

const GOOD = "1.4.0.RELEASE";
const DESIRED = 3;
/** Short, for a demo; a policy without them soaks for 2 minutes and bakes for 10. */
const [SOAK, BAKE] = ["20s", "8s"];
const BAKE_MS = 8000;
/** Weight, in percent, at which the control process is killed. */
const KILL_AT = 2;
const WHOLE = 180_000;
const AFTER = 2000;

export const release: Act = {
  name: "5 A good version",
  prologue: `${GOOD} goes the same way up to 100 %, bakes, and the old pods go. On the way the control process is killed.`,
  async play(stage, claims) {
    const from = stage.now;
    await applyPolicy(stage, { retry: "OnStable", soak: SOAK, bake: BAKE });
    const [oldHash = ""] = hashesOf(stage);
    const begun = await beginRelease(stage, GOOD);
    await killOnTheWay(stage, claims, begun);
    const done = await untilPhase(stage, begun, WHOLE, "Succeeded");
    await stage.until("the old pods are gone", WHOLE, () => stage.restaurantPods(oldHash).length === 0);
    await stage.traffic(AFTER);
    const sent = sentBetween(stage.records, from, stage.now);
    const failed = failuresIn(sent).length;
    claims.check("no request fails", failed === 0, `${failed} of ${count(sent.length)}`);
    checkEverybody(stage, claims);
    checkBake(claims, done);
    const pods = stage.restaurantPods();
    claims.check(
      "the old pods are gone",
      pods.length === DESIRED,
      `${pods.length} pods, ${stage.restaurantPods(oldHash).length} old`,
    );
    await checkHistories(stage, claims, done);
  },
};

async function killOnTheWay(stage: Stage, claims: Claims, begun: Release): Promise<void> {
  const before = await stage.until(`users are on ${GOOD}`, WHOLE, () => {
    const now = current(stage, begun);
    return now?.status?.phase === "Releasing" && (now.status.weight ?? 0) >= KILL_AT ? now : undefined;
  });
  const pods = stage.world.pods.list();
  await killControl(stage, claims);
  const after = await stage.until("the release goes on", WHOLE, () => {
    const now = current(stage, begun);
    return (now?.status?.weight ?? 0) > (before.status?.weight ?? 0) ? now : undefined;
  });
  checkGoesOn(claims, before, after);
  checkAdoption(claims, pods, stage.world.pods);
}

function checkEverybody(stage: Stage, claims: Claims): void {
  const direct = sentBetween(stage.records, stage.now - AFTER, stage.now).filter(isDirect);
  const fresh = answeredBy(direct, GOOD).length;
  claims.check(
    `everybody gets ${GOOD}`,
    fresh === direct.length && fresh > 0,
    `${count(fresh)} of ${count(direct.length)} requests`,
  );
}

function checkBake(claims: Claims, { status }: Release): void {
  const [start, end] = [parseTimestamp(status?.bakeTime), parseTimestamp(status?.endTime)];
  const baked = start === undefined || end === undefined ? 0 : end - start;
  claims.check("the old version stays warm while the new one bakes", baked >= BAKE_MS - 1000, seconds(baked));
}

/** Both histories tell of the same: each release that went through, and each that did not, has a revision or has had one. */
async function checkHistories(stage: Stage, claims: Claims, done: Release): Promise<void> {
  await stage.sluice(["release", "history", RESTAURANT]);
  const all = releasesOfDeployment(stage.world.releases.list(), RESTAURANT).map(phaseOf);
  const phases = all.join(", ");
  claims.check("release history shows every release", phases === "Reverted, Reverted, Succeeded", phases);
  const { output } = await stage.sluice(["rollout", "history", `deployment/${RESTAURANT}`]);
  const revisions = [...output.matchAll(/^(\d+) /gm)].map(([, number]) => Number(number));
  const newest = Math.max(...revisions);
  const set = stage.world.replicaSets
    .list()
    .find(({ metadata }) => metadata.labels?.["pod-template-hash"] === done.spec.templateHash);
  const revision = set && revisionOf(set);
  claims.check(
    "rollout history agrees: its newest revision is the released template's",
    revision !== undefined && revision === newest,
    `revision ${newest}, released ${revision ?? "?"}`,
  );
}
