import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { OwnerReference } from "../../api/object.ts";
import { TEMPLATE_HASH_LABEL, templateHash } from "../pods/pod-template.ts";
import { newestSetAnnotations, replicasAnnotations } from "./revision.ts";

/** Longest name of an object (a DNS subdomain). */
const MAX_NAME_LENGTH = 253;

/** The reference by which a Deployment controls its sets. */
export function deploymentReference(deployment: Deployment): OwnerReference {
  const { name, uid } = deployment.metadata;
  return { apiVersion: "apps/v1", kind: "Deployment", name, uid, controller: true, blockOwnerDeletion: true };
}

/** Name of the set for the present template; the name of a Deployment is cut when both together are too long. */
export function newReplicaSetName(deployment: Deployment): string {
  const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount);
  return `${deployment.metadata.name.slice(0, MAX_NAME_LENGTH - hash.length - 1)}-${hash}`;
}

/**
 * The set for the present template, not created yet: its uid and resourceVersion are "". Labels, selector and template carry the hash
 * of the template.
 */
export function newReplicaSet(deployment: Deployment, replicas: number, revision: number): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = { [TEMPLATE_HASH_LABEL]: templateHash(template, deployment.status?.collisionCount) };
  const labels = { ...template.metadata?.labels, ...hash };
  const { namespace } = deployment.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: newReplicaSetName(deployment),
      ...(namespace !== undefined && { namespace }),
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
      labels,
      annotations: { ...newestSetAnnotations(deployment, {}, revision), ...replicasAnnotations(deployment) },
      ownerReferences: [deploymentReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: { replicas: 0 },
  };
}
