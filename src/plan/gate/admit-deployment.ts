import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Service } from "../../api/generated/core-v1.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { sameTemplate, TEMPLATE_HASH_LABEL } from "../pods/pod-template.ts";
import {
  type Gate,
  gateOf,
  isShut,
  open,
  shut,
  type UserValues,
  userValuesAfter,
  userValuesOf,
  withoutAnnotation,
} from "./gate.ts";
import { governingPolicy, policiesFor } from "./governing-policy.ts";
import { DEPLOYMENT_LABEL, stableName } from "./names.ts";
import { currentSet, hashOf, ownSets, releasedSet, setWithHash } from "./released-set.ts";

/** What the decision needs besides the two states: objects of the Deployment's namespace. */
export interface GateContext {
  readonly policies: readonly ReleasePolicy[];
  readonly releases: readonly Release[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly services: readonly Service[];
  /** The write comes from the release controller, which opens and shuts the gate itself. */
  readonly byReleaseController: boolean;
}

export interface Admitted {
  /** To be stored. */
  readonly object: Deployment;
  /**
   * What the user asks for, with the user's own values where the gate has its own: to be validated before `object`, so that
   * a value that Kubernetes refuses is refused now and not when the gate opens.
   */
  readonly meant: Deployment;
}

/**
 * Decides about the gate in the write that creates or changes a Deployment, after defaulting, before validation. With a
 * policy in force a new template shuts the gate in that same write; in two writes the old ReplicaSet would get the gate's
 * minReadySeconds too, and a healthy service would lose its Available condition. Going back to the released template opens
 * the gate in that same write. Anything else leaves it as it is, whatever a manifest says about its fields.
 */
export function admitDeployment(old: Deployment | undefined, next: Deployment, context: GateContext): Admitted {
  if (context.byReleaseController) return { object: next, meant: next };
  if (!old) return unchanged(withoutCopiedGate(next, {}, context));
  const gate = isShut(old) ? keptGate(old, context.releases) : undefined;
  return gate ? whileShut(old, next, gate, context) : whileOpen(old, next, context);
}

function whileOpen(old: Deployment, next: Deployment, context: GateContext): Admitted {
  const plain = withoutCopiedGate(next, isShut(old) ? {} : userValuesOf(old), context);
  if (sameTemplate(old.spec.template, plain.spec.template)) return unchanged(plain);
  const policy = governingPolicy(next, context.policies);
  const pinned = pinnedHash(next, context.services);
  const wanted = policy !== undefined || pinned !== undefined;
  if (!wanted || plain.spec.strategy?.type === "Recreate" || plain.spec.replicas === 0) return unchanged(plain);
  const sets = ownSets(old, context.replicaSets);
  const released = releasedSet(old, sets, pinned);
  if (!released || sameTemplate(released.spec.template, plain.spec.template)) return unchanged(plain);
  // Its pods are available already (a release that has just ended is undone): the gate could not hold them back.
  if ((currentSet(plain, sets)?.status?.availableReplicas ?? 0) > 0) return unchanged(plain);
  const gate: Gate = { stable: hashOf(released), user: userValuesOf(plain) };
  return { object: shut(plain, gate, darkReplicas(policy, plain)), meant: plain };
}

function whileShut(old: Deployment, next: Deployment, gate: Gate, context: GateContext): Admitted {
  const user = userValuesAfter(old, next, gate.user);
  const meant = open(next, user);
  const stable = setWithHash(ownSets(old, context.replicaSets), gate.stable);
  if (stable && sameTemplate(stable.spec.template, next.spec.template)) return unchanged(meant);
  const policy = governingPolicy(next, context.policies);
  if (sameTemplate(old.spec.template, next.spec.template)) {
    return { object: shut(next, { ...gate, user }, surgeOf(old)), meant };
  }
  // Without a policy a third template is an ordinary rollout, which takes the dark pods of the second away.
  if (!policy && pinnedHash(next, context.services) === undefined) return unchanged(meant);
  return { object: shut(next, { ...gate, user }, darkReplicas(policy, next)), meant };
}

/** Pods of the new version before it has any user. More than `replicas` the Deployment controller would not keep. */
export function darkReplicas(policy: ReleasePolicy | undefined, deployment: Deployment): number {
  return Math.max(1, Math.min(policy?.spec.dark?.replicas ?? 1, deployment.spec.replicas ?? 1));
}

/**
 * The template to whose pods users are led (`<name>-stable` selects by its hash). As long as there is one, also while a
 * policy goes, an ordinary rollout would take those pods away from under them.
 */
function pinnedHash({ metadata: { name } }: Deployment, services: readonly Service[]): string | undefined {
  const stable = services.find(({ metadata }) => metadata.name === stableName(name));
  return stable?.metadata.labels?.[DEPLOYMENT_LABEL] === name ? stable.spec.selector?.[TEMPLATE_HASH_LABEL] : undefined;
}

function surgeOf(deployment: Deployment): number {
  const surge = deployment.spec.strategy?.rollingUpdate?.maxSurge;
  return typeof surge === "number" && surge > 0 ? surge : 1;
}

/** What the gate kept; the Release's copy when the annotation is lost. */
function keptGate(deployment: Deployment, releases: readonly Release[]): Gate | undefined {
  const kept = gateOf(deployment);
  if (kept) return kept;
  const release = releases.find(
    ({ spec, status }) => spec.targetRef.name === deployment.metadata.name && status?.endTime === undefined,
  );
  if (!release?.spec.stableHash) return undefined;
  return { stable: release.spec.stableHash, user: (release.spec.user ?? {}) as UserValues };
}

/**
 * A manifest that was read during a release and is written outside of one carries the gate's values and annotation, which
 * nobody means. `instead` are the values that the Deployment has.
 */
function withoutCopiedGate(next: Deployment, instead: UserValues, context: GateContext): Deployment {
  const kept = gateOf(next);
  const copied = kept !== undefined || policiesFor(next.metadata.name, context.policies).length > 0;
  if (!isShut(next) || !copied) return withoutAnnotation(next);
  return open(next, kept?.user ?? instead);
}

const unchanged = (object: Deployment): Admitted => ({ object, meant: object });
