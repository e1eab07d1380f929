import type { Deployment, DeploymentCondition } from "../../../api/generated/apps-v1.ts";

/** What `rollout status` says of a Deployment. */
export type Progress =
  | { readonly kind: "waiting"; readonly message: string }
  | { readonly kind: "done"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

/**
 * How far a rollout is, in kubectl's words. One thing is ours: a rollout that cannot succeed, which the condition Stuck says
 * long before the progress deadline, has failed.
 */
export function rolloutProgress(deployment: Deployment): Progress {
  const { metadata, status = {} } = deployment;
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0))
    return { kind: "waiting", message: "Waiting for deployment spec update to be observed..." };
  const failure = failureOf(deployment);
  if (failure !== undefined) return { kind: "failed", message: `deployment "${metadata.name}" ${failure}` };
  const missing = missingPart(deployment);
  return missing === undefined
    ? { kind: "done", message: `deployment "${metadata.name}" successfully rolled out` }
    : { kind: "waiting", message: `Waiting for deployment "${metadata.name}" rollout to finish: ${missing}...` };
}

function failureOf(deployment: Deployment): string | undefined {
  const stuck = conditionOf(deployment, "Stuck");
  if (stuck?.status === "True") return `is stuck: ${stuck.message ?? stuck.reason}`;
  const { reason } = conditionOf(deployment, "Progressing") ?? {};
  return reason === "ProgressDeadlineExceeded" ? "exceeded its progress deadline" : undefined;
}

function missingPart({ spec, status = {} }: Deployment): string | undefined {
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas)
    return `${updatedReplicas} out of ${spec.replicas} new replicas have been updated`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old replicas are pending termination`;
  if (availableReplicas < updatedReplicas)
    return `${availableReplicas} of ${updatedReplicas} updated replicas are available`;
  return undefined;
}

export function conditionOf({ status }: Deployment, type: string): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
