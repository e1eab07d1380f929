import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";

/** Whether the policy is about this Deployment. */
export function targets({ spec: { targetRef } }: ReleasePolicy, name: string): boolean {
  const { apiVersion = "apps/v1", kind = "Deployment" } = targetRef;
  return targetRef.name === name && kind === "Deployment" && apiVersion.startsWith("apps/");
}

/** The policies for a Deployment, the one that counts first: the oldest, then the first by name. */
export function policiesFor(name: string, policies: readonly ReleasePolicy[]): readonly ReleasePolicy[] {
  const order = (policy: ReleasePolicy): string => `${policy.metadata.creationTimestamp} ${policy.metadata.name}`;
  return policies.filter((policy) => targets(policy, name)).sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/**
 * The policy by which a new template of the Deployment is released, if any. One that is being deleted starts nothing new,
 * and one that the release controller has found unable to keep users off dark pods (Ready is False) promises nothing.
 */
export function governingPolicy(deployment: Deployment, policies: readonly ReleasePolicy[]): ReleasePolicy | undefined {
  const [policy] = policiesFor(deployment.metadata.name, policies).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const ready = policy?.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "False" ? undefined : policy;
}
