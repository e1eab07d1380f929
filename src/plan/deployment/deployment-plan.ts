import type { Deployment, DeploymentStatus, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Node, Pod } from "../../api/generated/core-v1.ts";
import { labelSelectorOf } from "../../lib/label-selector.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";
import { hasEnded, isDeleting } from "../pods/readiness.ts";
import { type Claims, claim } from "../replicaset/claim.ts";
import { changesOf, type DeploymentAction, setRef } from "./actions.ts";
import { type Conditions, findCondition, newCondition, PROGRESSING, setCondition } from "./conditions.ts";
import { desiredReplicas, isRolling } from "./limits.ts";
import { newReplicaSet, newReplicaSetName } from "./new-replica-set.ts";
import {
  activeSets,
  allSets,
  byRevision,
  isEmpty,
  type ReplicaSets,
  resized,
  sameSets,
  sortReplicaSets,
  specReplicas,
} from "./replica-sets.ts";
import { maxRevision, newestSetAnnotations, REVISION, sameAnnotations } from "./revision.ts";
import { planRollback, rollbackTo } from "./rollback.ts";
import { newestSetSize, scaleDownOld, scaleUpNewest } from "./rolling.ts";
import { hasBeenScaled, scale } from "./scaling.ts";
import { type Diagnosis, diagnose, steadyFrom } from "../stuck/diagnosis.ts";
import { STUCK, withStuck } from "../stuck/stuck-condition.ts";
import {
  type CountedStatus,
  countedStatus,
  deadlineWake,
  historyLimit,
  isComplete,
  progressDeadline,
  rolloutStatus,
  withPause,
} from "./status.ts";

export interface DeploymentView {
  readonly deployment: Deployment;
  /** All ReplicaSets of the namespace: some may have to be adopted, and a name may be taken. */
  readonly replicaSets: readonly ReplicaSet[];
  /** All pods that the Deployment's ReplicaSets control. */
  readonly pods: readonly Pod[];
  /** All nodes, with the images that they have. */
  readonly nodes: readonly Node[];
}

/** What is to be written to the Deployment itself, in one write. */
export interface DeploymentOutcome {
  readonly status: DeploymentStatus;
  /** The annotation `deployment.kubernetes.io/revision`; absent: as it is. */
  readonly revision?: string;
}

/** What one pass makes of the sets, and why. */
interface Pass {
  readonly sets: ReplicaSets;
  readonly conditions: Conditions;
  readonly why: string;
  readonly remove?: readonly ReplicaSet[];
  /** Nothing is said about progress: the Deployment is paused, being scaled or being deleted. */
  readonly countOnly?: boolean;
}

/**
 * One step of what a Deployment asks for: at most one kind of change to its ReplicaSets, and its status. Called again after each
 * change, it converges.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
export function planDeployment(view: DeploymentView, now: number): Plan<DeploymentAction, DeploymentOutcome> {
  const { deployment } = view;
  const selector = labelSelectorOf(deployment.spec.selector);
  if (selector.requirements.length === 0) return planSelectingAll(deployment);
  const claims = claim(deployment, selector, view.replicaSets);
  // Who owns what is settled first: it changes the versions of the sets that all else is written against.
  if (claims.adopt.length + claims.release.length > 0)
    return { actions: claimActions(claims), status: { status: { ...deployment.status } } };
  const found = sortReplicaSets(deployment, claims.owned);
  const revision = isDeleting(deployment) || deployment.spec.paused ? undefined : rollbackTo(deployment);
  if (revision !== undefined)
    return { actions: planRollback(deployment, found, revision), status: { status: { ...deployment.status } } };
  if (needsNewSet(view, found) && isNameTaken(view)) return planCollision(deployment);
  return step(view, found, now);
}

function step(view: DeploymentView, found: ReplicaSets, now: number): Plan<DeploymentAction, DeploymentOutcome> {
  const { deployment } = view;
  const pass = nextPass(view, found, now);
  const counted = (pass.countOnly ? countedStatus : rolloutStatus)(deployment, pass.sets, pass.conditions, now);
  const seen = diagnoseRollout(view, found, counted, now);
  const verdict = withStuck(deployment, counted.conditions, seen.diagnosis, found.old.length > 0, now);
  const status = { ...counted, conditions: verdict.conditions };
  const revision = pass.sets.newest?.metadata.annotations?.[REVISION];
  const renumbered = revision !== undefined && revision !== deployment.metadata.annotations?.[REVISION];
  const wakeAt = earliest(pass.countOnly ? undefined : deadlineWake(deployment, status), seen.wakeAt);
  return {
    actions: [...changesOf(found, pass.sets, pass.why), ...deletions(pass), ...(verdict.event ? [verdict.event] : [])],
    status: { status, ...(renumbered && { revision }) },
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** So long after its end a rollout may still turn out to be stuck. Milliseconds. */
const SETTLING = 60_000;

/**
 * What happens to the pods of a rollout long after its end does not make it stuck. Soon after it does: pods without a readiness
 * probe are ready, and the rollout is at its end, before a program has had the time to fail.
 */
function diagnoseRollout(
  { pods, nodes }: DeploymentView,
  { newest }: ReplicaSets,
  status: CountedStatus,
  now: number,
): { readonly diagnosis?: Diagnosis; readonly wakeAt?: number } {
  if (!newest || (isSettled(status.conditions, now) && !findCondition(status.conditions, STUCK))) return {};
  const own = pods.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === newest.metadata.uid));
  const diagnosis = diagnose({ replicaSet: newest, pods: own, nodes }, now);
  const wakeAt = diagnosis && steadyFrom(own, now);
  return { ...(diagnosis && { diagnosis }), ...(wakeAt !== undefined && { wakeAt }) };
}

function isSettled(conditions: Conditions, now: number): boolean {
  const progress = findCondition(conditions, "Progressing");
  return progress?.reason === PROGRESSING.available && now >= (parseTimestamp(progress.lastUpdateTime) ?? 0) + SETTLING;
}

function nextPass(view: DeploymentView, found: ReplicaSets, now: number): Pass {
  const { deployment } = view;
  const before = deployment.status?.conditions ?? [];
  if (isDeleting(deployment)) return { sets: found, conditions: before, countOnly: true, why: "it is being deleted" };
  const sets = withRevision(deployment, found);
  const conditions = withFoundSet(deployment, sets.newest, withPause(deployment, before, now), now);
  const paused = deployment.spec.paused === true;
  if (paused || hasBeenScaled(deployment, sets)) {
    const why = paused ? "it is paused: only its size counts" : "the Deployment has been scaled";
    const scaled = scale(deployment, sets);
    const mixes = !isRolling(deployment) && mixesVersions(view, sets, scaled);
    const sized = mixes ? sets : scaled;
    // A set that is to get pods again is none of those that nobody needs.
    const remove = paused ? surplus(deployment, sized.old) : [];
    return { sets: sized, conditions, remove, countOnly: true, why };
  }
  const known = { sets, conditions };
  return isRolling(deployment) ? rollingPass(view, known, now) : recreatePass(view, known, now);
}

type Known = Pick<Pass, "sets" | "conditions">;

function rollingPass(view: DeploymentView, { sets, conditions }: Known, now: number): Pass {
  const { deployment } = view;
  if (!sets.newest) return creationPass(deployment, { sets, conditions }, now);
  const up = scaleUpNewest(deployment, sets);
  if (!sameSets(up, sets)) return { sets: up, conditions, why: "rolling update: the surge leaves room for new pods" };
  const down = scaleDownOld(deployment, sets);
  if (!sameSets(down, sets)) return { sets: down, conditions, why: "rolling update: enough pods are available" };
  return finalPass(deployment, { sets, conditions });
}

function recreatePass(view: DeploymentView, { sets, conditions }: Known, now: number): Pass {
  const { deployment } = view;
  const old = sets.old.map((set) => resized(set, 0, deployment));
  const down = { newest: sets.newest, old };
  if (!sameSets(down, sets)) return { sets: down, conditions, why: "all old pods go before new ones come" };
  if (hasOldPods(view, sets)) return { sets, conditions, why: "old pods are still there" };
  if (!sets.newest) return creationPass(deployment, { sets, conditions }, now);
  const up = { newest: resized(sets.newest, desiredReplicas(deployment), deployment), old: sets.old };
  if (!sameSets(up, sets)) return { sets: up, conditions, why: "the old pods are gone" };
  return finalPass(deployment, { sets, conditions });
}

function creationPass(deployment: Deployment, { sets, conditions }: Known, now: number): Pass {
  const size = isRolling(deployment) ? newestSetSize(deployment, sets) : desiredReplicas(deployment);
  const newest = newReplicaSet(deployment, size, maxRevision(sets.old) + 1);
  const message = `Created new replica set "${newest.metadata.name}"`;
  const created =
    progressDeadline(deployment) === undefined
      ? conditions
      : setCondition(conditions, newCondition("Progressing", "True", PROGRESSING.created, message, now));
  return { sets: { newest, old: sets.old }, conditions: created, why: "no ReplicaSet has the present template" };
}

function finalPass(deployment: Deployment, { sets, conditions }: Known): Pass {
  const remove = isComplete(deployment, deployment.status ?? {}) ? surplus(deployment, sets.old) : [];
  return { sets, conditions, remove, why: "more old ReplicaSets than revisionHistoryLimit asks for" };
}

/** Keeps the newest set's annotations, revision and minReadySeconds in step with the Deployment. */
function withRevision(deployment: Deployment, sets: ReplicaSets): ReplicaSets {
  const { newest, old } = sets;
  if (!newest) return sets;
  const current = newest.metadata.annotations ?? {};
  const annotations = newestSetAnnotations(deployment, current, maxRevision(old) + 1);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (sameAnnotations(current, annotations) && (newest.spec.minReadySeconds ?? 0) === minReadySeconds) return sets;
  const metadata = { ...newest.metadata, annotations };
  return { newest: { ...newest, metadata, spec: { ...newest.spec, minReadySeconds } }, old };
}

function withFoundSet(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  conditions: Conditions,
  now: number,
): Conditions {
  if (!newest || progressDeadline(deployment) === undefined || findCondition(conditions, "Progressing"))
    return conditions;
  const message = `Found new replica set "${newest.metadata.name}"`;
  return setCondition(conditions, newCondition("Progressing", "True", PROGRESSING.found, message, now));
}

/** Old sets beyond revisionHistoryLimit, lowest revision first, as far as they are empty. */
function surplus(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = historyLimit(deployment);
  if (limit === undefined) return [];
  const kept = old.filter((set) => !isDeleting(set)).sort(byRevision);
  return kept.slice(0, Math.max(0, kept.length - limit)).filter(isEmpty);
}

/** Whether a pod of an old set may still run. The sets' statuses alone do not say: a pod that is being deleted is not in them. */
function hasOldPods({ pods }: DeploymentView, { newest, old }: ReplicaSets): boolean {
  if (!old.every(isEmpty)) return true;
  return pods.some(
    (pod) => !hasEnded(pod) && !pod.metadata.ownerReferences?.some(({ uid }) => uid === newest?.metadata.uid),
  );
}

/** Whether a set would get more pods while another one still has some. */
function mixesVersions({ pods }: DeploymentView, before: ReplicaSets, after: ReplicaSets): boolean {
  const sizes = new Map(allSets(before).map((set) => [set.metadata.uid, specReplicas(set)]));
  if (!allSets(after).some((set) => specReplicas(set) > (sizes.get(set.metadata.uid) ?? 0))) return false;
  const active = activeSets(allSets(after)).map((set) => set.metadata.uid);
  return pods.some((pod) => !hasEnded(pod) && !pod.metadata.ownerReferences?.some(({ uid }) => active.includes(uid)));
}

/** Whether this pass would create a set, if its name is free. */
function needsNewSet(view: DeploymentView, { newest, old }: ReplicaSets): boolean {
  const { deployment } = view;
  if (newest || isDeleting(deployment) || deployment.spec.paused) return false;
  if (hasBeenScaled(deployment, { newest, old })) return false;
  return isRolling(deployment) || !hasOldPods(view, { newest, old });
}

function isNameTaken({ deployment, replicaSets }: DeploymentView): boolean {
  const name = newReplicaSetName(deployment);
  return replicaSets.some((set) => set.metadata.name === name);
}

/** Another template, or another owner, has the name that the new set would get: the next pass takes another one. */
function planCollision({ status }: Deployment): Plan<DeploymentAction, DeploymentOutcome> {
  return {
    actions: [],
    status: { status: { ...status, collisionCount: (status?.collisionCount ?? 0) + 1 } },
  };
}

function planSelectingAll(deployment: Deployment): Plan<DeploymentAction, DeploymentOutcome> {
  const message = "This deployment is selecting all pods. A non-empty selector is required.";
  const why = "an empty selector selects everything";
  const { generation = 0 } = deployment.metadata;
  return {
    actions: [{ kind: "event", type: "Warning", reason: "SelectingAll", message, why }],
    status: { status: { ...deployment.status, observedGeneration: generation } },
  };
}

function claimActions({ adopt, release }: Claims<ReplicaSet>): readonly DeploymentAction[] {
  return [
    ...adopt.map((set): DeploymentAction => {
      return { kind: "adoptReplicaSet", replicaSet: setRef(set), why: "it matches the selector and has no controller" };
    }),
    ...release.map((set): DeploymentAction => {
      return { kind: "releaseReplicaSet", replicaSet: setRef(set), why: "it no longer matches the selector" };
    }),
  ];
}

function deletions({ remove = [], why }: Pass): readonly DeploymentAction[] {
  return remove.map((set): DeploymentAction => ({ kind: "deleteReplicaSet", replicaSet: setRef(set), why }));
}

/** What is said when the new set could not be created: `error` is the API's message. */
export function creationFailure(
  deployment: Deployment,
  name: string,
  error: string,
  now: number,
): { readonly status: DeploymentStatus; readonly message: string } {
  const message = `Failed to create new replica set "${name}": ${error}`;
  const conditions = deployment.status?.conditions ?? [];
  if (progressDeadline(deployment) === undefined) return { status: { ...deployment.status }, message };
  const condition = newCondition("Progressing", "False", PROGRESSING.createError, message, now);
  return { status: { ...deployment.status, conditions: setCondition(conditions, condition) }, message };
}
