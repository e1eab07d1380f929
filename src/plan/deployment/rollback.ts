import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { EventAction } from "../event.ts";
import { sameTemplate, withoutHash } from "../pods/pod-template.ts";
import type { DeploymentAction } from "./actions.ts";
import type { ReplicaSets } from "./replica-sets.ts";
import { type Annotations, isCopied, maxRevision, ROLLBACK_TO, revisionOf } from "./revision.ts";

/**
 * The revision that the Deployment is to go back to, as older clients ask for it: by an annotation that stands for the field
 * `spec.rollbackTo` of extensions/v1beta1. 0: the last one. Undefined: nobody asks.
 */
export function rollbackTo(deployment: Deployment): number | undefined {
  const text = deployment.metadata.annotations?.[ROLLBACK_TO];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** Takes template and annotations from the set of that revision, or says why not, and takes the request away. */
export function planRollback(deployment: Deployment, sets: ReplicaSets, wanted: number): readonly DeploymentAction[] {
  const revisions = revisionsOf(sets);
  const revision = wanted === 0 ? secondHighest([...revisions.values()]) : wanted;
  if (revision === 0)
    return [clear(deployment), warning("DeploymentRollbackRevisionNotFound", "Unable to find last revision.")];
  const set = [...revisions].find(([, number]) => number === revision)?.[0];
  if (!set) {
    const message = "Unable to find the revision to rollback to.";
    return [clear(deployment), warning("DeploymentRollbackRevisionNotFound", message)];
  }
  const { name } = deployment.metadata;
  if (sameTemplate(set.spec.template, deployment.spec.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`;
    return [clear(deployment), warning("DeploymentRollbackTemplateUnchanged", message)];
  }
  const message = `Rolled back deployment "${name}" to revision ${revision}`;
  const why = `revision ${revision} is asked for`;
  return [
    {
      kind: "updateDeployment",
      annotations: annotationsOf(deployment, set),
      ...(set.spec.template && { template: withoutHash(set.spec.template) }),
      why,
    },
    { kind: "event", type: "Normal", reason: "DeploymentRollback", message, why },
  ];
}

/** The newest set has the number that it is about to get. */
function revisionsOf({ newest, old }: ReplicaSets): ReadonlyMap<ReplicaSet, number> {
  const revisions = new Map(old.map((set) => [set, revisionOf(set)]));
  if (newest) revisions.set(newest, Math.max(revisionOf(newest), maxRevision(old) + 1));
  return revisions;
}

function secondHighest(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => b - a)[1] ?? 0;
}

/** The Deployment's own marks stay, everything else is as it was with that revision. */
function annotationsOf({ metadata }: Deployment, set: ReplicaSet): Annotations {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => !isCopied(key) && key !== ROLLBACK_TO);
  const old = Object.entries(set.metadata.annotations ?? {}).filter(([key]) => isCopied(key));
  return Object.fromEntries([...own, ...old]);
}

function clear({ metadata }: Deployment): DeploymentAction {
  const { [ROLLBACK_TO]: _, ...annotations } = metadata.annotations ?? {};
  return { kind: "updateDeployment", annotations, why: "the request is answered" };
}

function warning(reason: string, message: string): EventAction {
  return { kind: "event", type: "Warning", reason, message, why: "it cannot go back" };
}
