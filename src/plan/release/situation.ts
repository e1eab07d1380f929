import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { controllerOf } from "../../api/object.ts";
import { type Gate, gateOf, isShut, type UserValues } from "../gate/gate.ts";
import { policiesFor } from "../gate/governing-policy.ts";
import { currentSet, hashOf, setWithHash } from "../gate/released-set.ts";
import { isActive, isReady } from "../pods/readiness.ts";
import { type Frontends, findFrontends, type Frontend, type Obstacle } from "./frontends.ts";
import { DEPLOYMENT_LABEL, POLICY_LABEL } from "../gate/names.ts";
import { ownRouteName, type Split, splitOf } from "./release-rule.ts";
import type { ReleaseView } from "./view.ts";

export type ReleaseStatus = NonNullable<Release["status"]>;
export type Phase = NonNullable<ReleaseStatus["phase"]>;

/** The view, read: what the phases ask about. The Deployment exists. */
export interface Situation {
  readonly view: ReleaseView;
  readonly now: number;
  readonly deployment: Deployment;
  readonly replicas: number;
  readonly shut: boolean;
  readonly gate: Gate | undefined;
  /** The policy that counts, also while it is being deleted. */
  readonly policy: ReleasePolicy | undefined;
  /** There is a policy, and it is to stay. */
  readonly governed: boolean;
  readonly frontends: readonly Frontend[];
  readonly obstacles: readonly Obstacle[];
  /** The set of the present template, once the Deployment controller has made it. */
  readonly current: ReplicaSet | undefined;
  readonly live: Release | undefined;
  /** Releases that have ended, newest first. */
  readonly past: readonly Release[];
  /** The live release's two sets. */
  readonly stable: ReplicaSet | undefined;
  readonly fresh: ReplicaSet | undefined;
  readonly freshPods: readonly Pod[];
  readonly stablePods: readonly Pod[];
  /** Routes of ours, and those of the user whose rule we write. */
  readonly routes: readonly HTTPRoute[];
  /** What the rules say now; the largest weight of several. Undefined: no rule is split yet. */
  readonly split: Split | undefined;
}

export function readSituation(view: ReleaseView, deployment: Deployment, now: number): Situation {
  const policies = policiesFor(view.name, view.policies);
  const standing = policies.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const policy = standing[0] ?? policies[0];
  const { frontends, obstacles }: Frontends = findFrontends({ ...view, deployment });
  const releases = [...view.releases].sort(newestFirst);
  const live = liveRelease(releases);
  const gate = isShut(deployment) ? (gateOf(deployment) ?? copyOfGate(live)) : undefined;
  const stable = setWithHash(view.replicaSets, live?.spec.stableHash ?? gate?.stable);
  const fresh = setWithHash(view.replicaSets, live?.spec.templateHash);
  const routes = routesOf(view, frontends);
  return {
    view,
    now,
    deployment,
    replicas: deployment.spec.replicas ?? 1,
    shut: isShut(deployment),
    gate,
    policy,
    governed: standing.length > 0,
    frontends,
    obstacles,
    current: currentSet(deployment, view.replicaSets),
    live,
    past: releases.filter((release) => release !== live),
    stable,
    fresh,
    freshPods: podsOf(view, fresh),
    stablePods: podsOf(view, stable),
    routes,
    split: widest(routes.map((route) => splitOf(route, view.name))),
  };
}

/** The Release's copy, for when the annotation is lost. */
function copyOfGate(live: Release | undefined): Gate | undefined {
  if (live?.spec.stableHash === undefined) return undefined;
  return { stable: live.spec.stableHash, user: (live.spec.user ?? {}) as UserValues };
}

/** The newest release that has not ended. */
export function liveRelease(releases: readonly Release[]): Release | undefined {
  return [...releases].sort(newestFirst).find(({ status }) => status?.endTime === undefined);
}

/** The active pods of a set. */
export function podsOf(view: ReleaseView, set: ReplicaSet | undefined): readonly Pod[] {
  if (!set) return [];
  return view.pods.filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && isActive(pod));
}

export function readyPods(pods: readonly Pod[]): readonly Pod[] {
  return pods.filter(isReady);
}

/** The hash of the present template's set. */
export function currentHash(s: Situation): string | undefined {
  return s.current && hashOf(s.current);
}

/** Routes of ours for this Deployment, and those that hold a rule for us. */
export function routesOf(view: ReleaseView, frontends: readonly Frontend[]): readonly HTTPRoute[] {
  const names = new Set(frontends.flatMap((each) => [each.route.name, ownRouteName(each)]));
  return view.routes.filter(
    ({ metadata }) =>
      metadata.labels?.[DEPLOYMENT_LABEL] === view.name ||
      (names.has(metadata.name) && metadata.labels?.[POLICY_LABEL] === undefined),
  );
}

function widest(splits: readonly (Split | undefined)[]): Split | undefined {
  let widest: Split | undefined;
  for (const split of splits) {
    if (!split) continue;
    widest = {
      w: Math.max(widest?.w ?? 0, split.w),
      session: widest?.session ?? split.session,
      testers: (widest?.testers ?? false) || split.testers,
    };
  }
  return widest;
}

function newestFirst(a: Release, b: Release): number {
  const order = ({ metadata, spec }: Release): string =>
    `${metadata.creationTimestamp} ${String(spec.generation ?? 0).padStart(12, "0")} ${metadata.name}`;
  return order(a) < order(b) ? 1 : -1;
}
