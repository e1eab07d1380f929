import type { Deployment, DeploymentCondition } from "../../../api/generated/apps-v1.ts";
import type { ContainerStatus } from "../../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../../lib/timestamp.ts";
import { conditionOf } from "../../kube/rollout/progress.ts";
import { type Claims, count, seconds } from "../claims.ts";
import { failuresIn, sentBetween } from "../client-view.ts";
import { RESTAURANT, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";

const WORKING = "1.1.0.RELEASE";
const NEXT = "1.2.0.RELEASE";
const MISSPELT = `ftgo-restaurant-servce:${NEXT}`;
const VARIABLE = "FTGO_CURRENCY";
/** What the second exit of a container waits for, and some more: Kubernetes pauses 10 s before it starts it again. */
const STUCK = 40_000;
const HEALED = 60_000;
/** Within which the condition must be there. */
const AT_ONCE = 3000;
/** Within which the command ends; Kubernetes would wait for the deadline, 10 minutes. */
const COMMAND = 5000;
/** Traffic while the rollout is stuck, so that anybody who could notice does. */
const NOTICE = 2500;

export const getStuck: Act = {
  name: "3 Stuck rollouts",
  prologue: "Two rollouts that cannot succeed: Sluice says why and what to do; users notice nothing.",
  async play(stage, claims) {
    const from = stage.now;
    await misspelt(stage, claims);
    await withoutVariable(stage, claims);
    await stage.traffic(NOTICE);
    const sent = sentBetween(stage.records, from, stage.now);
    const failed = failuresIn(sent).length;
    claims.check("no request fails", failed === 0, `${failed} of ${count(sent.length)}`);
  },
};

async function misspelt(stage: Stage, claims: Claims): Promise<void> {
  const written = stage
    .until("the Deployment names the image", STUCK, () => imageOf(stage.deployment()) === MISSPELT)
    .then(() => stage.now);
  const [, began] = await Promise.all([setImage(stage, MISSPELT), written]);
  const stuck = await untilStuck(stage);
  const took = stage.now - began;
  claims.check("a misspelled image: Stuck within 3 s", took <= AT_ONCE, `${seconds(took)} after the change`);
  const wanted = `ftgo-restaurant-service:${NEXT}`;
  claims.check("the hint is the image's right name", says(stuck, wanted), hintOf(stuck));
  await checkWaysOut(stage, claims, stuck);
  await stage.traffic(NOTICE);
  await stage.sluice(["rollout", "undo", `deployment/${RESTAURANT}`]);
  await checkHealed(stage, claims, `ftgo-restaurant-service:${WORKING}`, "rollout undo");
}

async function withoutVariable(stage: Stage, claims: Claims): Promise<void> {
  await setImage(stage, `ftgo-restaurant-service:${NEXT}`);
  const stuck = await untilStuck(stage);
  const told = stage.now;
  const exit = secondExit(stage);
  claims.check(
    "a version that exits: Stuck within 3 s of the container's second exit",
    exit !== undefined && told - exit <= AT_ONCE,
    exit === undefined ? "no container has exited twice" : `${seconds(told - exit)} after its finishedAt`,
  );
  claims.check("the hint is the missing variable", says(stuck, VARIABLE), hintOf(stuck));
  await checkWaysOut(stage, claims, stuck);
  const fixed = stage.files.fixedManifest(stage.manifests, `ftgo-restaurant-service:${NEXT}`, {
    name: VARIABLE,
    value: "USD",
  });
  await stage.sluice(["apply", "-f", stage.files.shown(fixed)]);
  await checkHealed(stage, claims, `ftgo-restaurant-service:${NEXT}`, "the fixed manifest");
}

async function setImage(stage: Stage, image: string): Promise<void> {
  await stage.sluice(["set", "image", `deployment/${RESTAURANT}`, `${RESTAURANT}=${image}`]);
}

function untilStuck(stage: Stage): Promise<DeploymentCondition> {
  return stage.until("the Deployment is Stuck", STUCK, () => {
    const deployment = stage.deployment();
    return deployment && isObserved(deployment) ? conditionOf(deployment, "Stuck") : undefined;
  });
}

const isObserved = ({ metadata, status }: Deployment): boolean => status?.observedGeneration === metadata.generation;

/** What the user is told says both ways out as commands, and `rollout status` ends on it. */
async function checkWaysOut(stage: Stage, claims: Claims, stuck: DeploymentCondition): Promise<void> {
  const both = says(stuck, `kubectl rollout undo deployment/${RESTAURANT}`) && says(stuck, "kubectl apply -f");
  claims.check("both ways out are exact commands", both, both ? "apply, rollout undo" : (stuck.message ?? ""));
  const told = await stage.sluice(["status"], { mayFail: true });
  const isTold = told.output.includes(`STUCK: ${stuck.message ?? "?"}`);
  claims.check("sluice status tells of it", isTold, isTold ? "STUCK, with the cause" : "not a word");
  const status = await stage.sluice(["rollout", "status", `deployment/${RESTAURANT}`, "--timeout=30s"], {
    mayFail: true,
  });
  claims.check(
    "sluice rollout status ends at once with exit code 1 and says why",
    status.code === 1 && status.output.includes(stuck.message ?? "?") && status.took < COMMAND,
    `exit code ${status.code} after ${seconds(status.took)}`,
  );
}

async function checkHealed(stage: Stage, claims: Claims, image: string, how: string): Promise<void> {
  await stage.sluice(["rollout", "status", `deployment/${RESTAURANT}`, "--timeout=60s"]);
  const healed = await stage.until("the Deployment is whole again", HEALED, () => {
    const deployment = stage.deployment();
    if (!deployment || !isObserved(deployment)) return undefined;
    const { spec, status } = deployment;
    const whole = status?.updatedReplicas === spec.replicas && status?.replicas === spec.replicas;
    return whole && status?.availableReplicas === spec.replicas ? deployment : undefined;
  });
  const runs = imageOf(healed);
  claims.check(`${how} is a way out`, runs === image, `runs ${runs}`);
  const left = conditionOf(healed, "Stuck");
  claims.check("once healed the condition is gone", left === undefined, left ? `still ${left.status}` : "no condition");
}

const imageOf = (deployment: Deployment | undefined): string =>
  deployment?.spec.template.spec?.containers[0]?.image ?? "";

/** When the container that has ended twice ended the second time. Its times have whole seconds, so it was at most 1 s later. */
function secondExit(stage: Stage): number | undefined {
  const statuses = stage.restaurantPods().flatMap(({ status }) => status?.containerStatuses ?? []);
  const twice = statuses.find((each) => each.restartCount + (isRunning(each) ? 0 : 1) >= 2);
  const { state, lastState } = twice ?? {};
  return parseTimestamp((state?.terminated ?? lastState?.terminated)?.finishedAt);
}

const isRunning = ({ state }: ContainerStatus): boolean => state?.running !== undefined;

const says = ({ message = "" }: DeploymentCondition, text: string): boolean => message.includes(text);

/** What stands between the cause, which is the first sentence, and the ways out. */
const hintOf = ({ message = "" }: DeploymentCondition): string =>
  message.slice(message.indexOf(". ") + 2).split(" Fix the manifest")[0] ?? message;
