import { join } from "node:path";
import { type Claims, count } from "../claims.ts";
import { failuresIn, sentBetween } from "../client-view.ts";
import { countsOfPod, Ftgo } from "../ftgo.ts";
import type { LoadPlan } from "../load/plan.ts";
import type { Stage } from "../stage.ts";
import type { Act } from "./act.ts";

const SERVICES = ["api-gateway", "consumer-service", "order-service", "restaurant-service"];
/** Each is built upon the one before it, or upon 1.1.0. */
const RESTAURANT_VERSIONS = ["1.1.0", "1.2.0", "1.3.0", "1.4.0"];

const RATE = 300;
const USERS = 4000;
const START = 60_000;
/** How long the load runs before anything changes. */
const BASELINE = 10_000;

export const comeUp: Act = {
  name: "1 FTGO comes up",
  prologue: "FTGO comes up at 1.0.0.RELEASE from ordinary manifests, and its users arrive.",
  async play(stage, claims) {
    await buildImages(stage);
    await stage.sluice(["up"]);
    await stage.watch();
    const { folder, ports } = await stage.files.manifests();
    stage.manifests = folder;
    stage.ports = ports;
    await stage.sluice(["apply", "-f", stage.files.shown(folder)]);
    await stage.sluice(["rollout", "status", "deployment", "-l", "application=ftgo", `--timeout=${START / 1000}s`]);
    await stage.sluice(["get", "deployments"]);
    const all = stage.world.deployments.list().filter(({ metadata }) => metadata.labels?.["application"] === "ftgo");
    const up = all.filter(({ spec, status }) => status?.availableReplicas === spec.replicas);
    claims.check(
      "every Deployment of FTGO is available",
      up.length === SERVICES.length,
      `${up.length} of ${SERVICES.length}`,
    );
    const plan = await firstOrders(stage, claims);
    stage.startLoad(plan);
    await stage.traffic(BASELINE);
    checkBaseline(stage, claims);
  },
};

async function buildImages(stage: Stage): Promise<void> {
  const build = (folder: string, image: string): Promise<unknown> =>
    stage.sluice(["image", "build", stage.files.shown(join(stage.files.examples, folder)), "-t", image]);
  for (const service of SERVICES) await build(service, `ftgo-${service}:1.0.0.RELEASE`);
  for (const version of RESTAURANT_VERSIONS)
    await build(`restaurant-service-${version}`, `ftgo-restaurant-service:${version}.RELEASE`);
}

/** Orders through the gateway: the order service asks the others through the mesh. */
async function firstOrders(stage: Stage, claims: Claims): Promise<LoadPlan> {
  const ftgo = new Ftgo(stage.ports);
  const before = await requestsOf(stage, "ftgo-consumer-service");
  const [restaurantIds, consumerIds, orderIds]: [number[], number[], number[]] = [[], [], []];
  for (let i = 1; i <= 20; i++) restaurantIds.push(await ftgo.addRestaurant(`Restaurant ${i}`));
  for (let i = 1; i <= 5; i++) consumerIds.push(await ftgo.addConsumer());
  const consumersMade = await requestsOf(stage, "ftgo-consumer-service");
  for (const consumer of consumerIds) orderIds.push(await ftgo.placeOrder(consumer, restaurantIds[0] ?? 1));
  const asked = (await requestsOf(stage, "ftgo-consumer-service")) - consumersMade;
  claims.check(
    "placing an order through the gateway makes the order service ask the consumer service through the mesh",
    asked >= orderIds.length && consumersMade - before >= consumerIds.length,
    `${orderIds.length} orders, ${asked} requests counted by the consumer service's pods`,
  );
  const { gateway, restaurants } = ftgo;
  return {
    rate: RATE,
    users: USERS,
    gateway,
    restaurants,
    freshConnections: 0.05,
    restaurantIds,
    consumerIds,
    orderIds,
  };
}

async function requestsOf(stage: Stage, app: string): Promise<number> {
  const addresses = stage.world.pods
    .list()
    .filter(({ metadata }) => metadata.labels?.["app"] === app)
    .flatMap(({ status }) => status?.podIP ?? []);
  const counts = await Promise.all(addresses.map(countsOfPod));
  return counts.reduce((sum, { users }) => sum + users, 0);
}

function checkBaseline(stage: Stage, claims: Claims): void {
  const to = stage.now;
  const sent = sentBetween(stage.records, to - BASELINE, to);
  const failed = failuresIn(sent).length;
  claims.check("nothing fails before anything changes", failed === 0, `${failed} of ${count(sent.length)}`);
  const rate = Math.round(sent.length / (BASELINE / 1000));
  claims.check("users send at least 200 requests a second", rate >= 200, `${rate}/s`);
}
