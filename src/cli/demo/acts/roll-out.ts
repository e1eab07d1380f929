import { type Claims, count } from "../claims.ts";
import { answeredBy, failuresIn, sentBetween, usersOf } from "../client-view.ts";
import { Floor, readyAddresses, readyPods } from "../readiness.ts";
import { RESTAURANT, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";

const [OLD, NEW] = ["1.0.0.RELEASE", "1.1.0.RELEASE"];
const DESIRED = 3;
const CHANGE = 60_000;
/** Traffic on the new version alone. */
const AFTER = 3000;

export const rollOut: Act = {
  name: "2 Rolling update",
  prologue: `The restaurant service goes from ${OLD} to ${NEW} under load, by a plain rolling update.`,
  async play(stage, claims) {
    const from = stage.now;
    const endpoints = new Floor(() => readyAddresses(stage.world.slices.list(), RESTAURANT).size);
    const pods = new Floor(() => readyPods(stage.world.pods.list(), { app: RESTAURANT }).length);
    using _looks = stage.world.onChange(() => {
      endpoints.look();
      pods.look();
    });
    await stage.sluice(["set", "image", `deployment/${RESTAURANT}`, `${RESTAURANT}=${RESTAURANT}:${NEW}`]);
    await stage.sluice(["rollout", "status", `deployment/${RESTAURANT}`, "--timeout=60s"]);
    await stage.until("the old pods are gone", CHANGE, () => stage.restaurantPods().length === DESIRED);
    const changed = stage.now;
    await stage.traffic(AFTER);
    checkTraffic(stage, claims, from, changed);
    claims.check(
      `ready endpoints of the Service were never fewer than ${DESIRED}`,
      endpoints.lowest >= DESIRED,
      `at least ${endpoints.lowest}`,
    );
    claims.check(
      "no old pod went before its replacement was ready",
      pods.lowest >= DESIRED,
      `at least ${pods.lowest} pods ready and not leaving`,
    );
  },
};

function checkTraffic(stage: Stage, claims: Claims, from: number, changed: number): void {
  const sent = sentBetween(stage.records, from, stage.now);
  const failed = failuresIn(sent);
  claims.check("no request fails", failed.length === 0, `${failed.length} of ${count(sent.length)}`);
  const lost = sent.filter(({ status = 0 }) => status >= 400 && status < 500).length;
  claims.check("the data is there in every version", lost === 0, `${lost} answers 4xx`);
  const writes = sent.filter(({ method }) => method === "POST").length;
  claims.check("users read and write", writes > 0, `${count(sent.length - writes)} reads, ${count(writes)} writes`);
  const users = usersOf(stage.records).size;
  claims.check("at least 2,000 users have come by now", users >= 2000, count(users));
  const late = answeredBy(sentBetween(stage.records, changed, stage.now), NEW).length;
  const early = answeredBy(sent, NEW).length;
  claims.check(
    `users get ${NEW}`,
    late > 0,
    `${count(early)} requests, ${count(late)} of them after the old pods were gone`,
  );
}
