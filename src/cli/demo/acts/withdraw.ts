import type { Release } from "../../../api/generated/sluice-dev.ts";
import { isReady } from "../../../plan/pods/readiness.ts";
import { Claims, count, seconds } from "../claims.ts";
import { answeredBy, failuresIn, sentBetween } from "../client-view.ts";
import { countsOfPod, Ftgo } from "../ftgo.ts";
import { Floor, readyPods } from "../readiness.ts";
import type { RequestRecord } from "../load/record.ts";
import { compareReceipt, reaction, tripsOf } from "../release-view.ts";
import { RESTAURANT, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { applyPolicy, beginRelease, hashesOf, TESTER, untilPhase } from "./releasing.ts";

const BAD = "1.3.0.RELEASE";
const DESIRED = 3;
const CHANGE = 60_000;
/** Requests that the testers send, and some users beside them. */
const TESTS = 20;
/** The most failed requests that a bad version may cost. */
const MOST_FAILED = 12;
/** Traffic after the withdrawal: requests to the bad version would show. */
const AFTER = 1500;

type Retry = "Never" | "OnStable";

export const withdraw: Act = {
  name: "4 Ready but wrong",
  prologue: `${BAD} passes its probes and fails a fifth of its users' requests. It is deployed dark, tested, released to a few, and withdrawn: first without retries, then with.`,
  async play(stage, claims) {
    for (const retry of ["Never", "OnStable"] as const) await withdrawOnce(stage, claims, retry);
  },
};

async function withdrawOnce(stage: Stage, claims: Claims, retry: Retry): Promise<void> {
  const tell = new Claims((claim) => claims.check(`retry ${retry}: ${claim.text}`, claim.ok, claim.measured));
  const from = stage.now;
  await applyPolicy(stage, { retry });
  const [stableHash = ""] = hashesOf(stage);
  const stable = new Floor(
    () => readyPods(stage.world.pods.list(), { app: RESTAURANT, "pod-template-hash": stableHash }).length,
  );
  using _looks = stage.world.onChange(() => stable.look());
  const release = await beginRelease(stage, BAD);
  await stage.sluice(["release", "pause", RESTAURANT]);
  await testDark(stage, tell, stableHash);
  await stage.sluice(["release", "resume", RESTAURANT]);
  const reverted = await untilPhase(stage, release, CHANGE, "Reverted");
  await stage.until("its pods are gone", CHANGE, () => stage.restaurantPods().length === DESIRED);
  await stage.traffic(AFTER);
  await stage.sluice(["release", "why", RESTAURANT]);
  const sent = sentBetween(stage.records, from, stage.now);
  checkCost(tell, retry, sent);
  checkFirstWeight(tell, reverted);
  checkReaction(stage, tell, reverted, sent);
  const receipt = compareReceipt(reverted, sent, BAD);
  tell.check("the receipt agrees with the log of the clients", receipt.agrees, receipt.text);
  tell.check("the receipt says why", (reverted.status?.receipt ?? "") !== "", reverted.status?.receipt ?? "no receipt");
  tell.check(
    `the old version's pods were never fewer than ${DESIRED}`,
    stable.lowest >= DESIRED,
    `at least ${stable.lowest} ready`,
  );
}

/** While the release is held before its first user: testers get the new version, users do not, and its pods have counted none. */
async function testDark(stage: Stage, tell: Claims, stableHash: string): Promise<void> {
  const dark = await stage.until("the dark pods are ready", CHANGE, () => {
    const pods = stage.restaurantPods().filter(({ metadata }) => metadata.labels?.["pod-template-hash"] !== stableHash);
    return pods.length > 0 && pods.every(isReady) ? pods : undefined;
  });
  const ftgo = new Ftgo(stage.ports);
  await untilTestersPass(stage, ftgo);
  const [forTesters, forUsers]: [string[], string[]] = [[], []];
  for (let i = 0; i < TESTS; i++) {
    forTesters.push(await ftgo.versionFor(1, TESTER));
    forUsers.push(await ftgo.versionFor(1, {}));
  }
  const tested = forTesters.filter((version) => version === BAD).length;
  tell.check("testers reach the new version by header", tested === TESTS, `${tested} of ${TESTS} requests`);
  const counts = await Promise.all(dark.map(({ status }) => countsOfPod(status?.podIP ?? "")));
  const users = counts.reduce((sum, each) => sum + each.users, 0);
  const testers = counts.reduce((sum, each) => sum + each.testers, 0);
  const strayed =
    forUsers.filter((version) => version === BAD).length + answeredBy(stage.records, BAD).length - known(stage);
  tell.check(
    "dark: no user request reaches the new version before the release",
    users === 0 && strayed === 0,
    `its pods counted ${users} user requests and ${testers} test requests`,
  );
}

/** Answers of the bad version in an earlier release of this act. */
function known(stage: Stage): number {
  const began = Date.parse(stage.release()?.metadata.creationTimestamp ?? "");
  return answeredBy(stage.records, BAD).filter(({ at }) => at < began).length;
}

/** The rule for testers is in force a moment after the pods are ready. */
async function untilTestersPass(stage: Stage, ftgo: Ftgo): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if ((await ftgo.versionFor(1, TESTER)) === BAD) return;
    await stage.traffic(100);
  }
}

function checkCost(tell: Claims, retry: Retry, sent: readonly RequestRecord[]): void {
  const failed = failuresIn(sent);
  const idempotent = failed.filter(({ method }) => method === "GET").length;
  const seen = answeredBy(sent, BAD).length;
  tell.check(
    "users were on the new version",
    seen > 0 || retry === "OnStable",
    `${count(seen)} requests answered by it`,
  );
  if (retry === "Never")
    tell.check(
      `at most ${MOST_FAILED} failed requests reached users`,
      failed.length <= MOST_FAILED,
      `${failed.length} of ${count(sent.length)}`,
    );
  else
    tell.check(
      "no idempotent request failed for its user",
      idempotent === 0,
      `${idempotent} of ${count(sent.length)}; ${failed.length - idempotent} others`,
    );
}

/** The first decision with a weight is how many users the release began with. */
function checkFirstWeight(tell: Claims, { status }: Release): void {
  const first = status?.decisions?.find(({ weight = 0 }) => weight > 0)?.weight;
  tell.check("it is released to few at first", first !== undefined && first <= 1, `to ${first ?? "?"} %`);
}

function checkReaction(stage: Stage, tell: Claims, release: Release, sent: readonly RequestRecord[]): void {
  const took = reaction(sent, BAD, tripsOf(stage.world.workers.list(), release));
  tell.check(
    "from the deciding failure to the last user request on the new version less than 1 s",
    took !== undefined && took < 1000,
    took === undefined ? "the mesh did not shut the gate" : seconds(took),
  );
}
