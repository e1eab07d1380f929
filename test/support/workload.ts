import type { Deployment, ReplicaSet } from "../../src/api/generated/apps-v1.ts";
import type { PodTemplateSpec } from "../../src/api/generated/core-v1.ts";
import type { ReleasePolicy } from "../../src/api/generated/sluice-dev.ts";
import type { StoredMeta } from "../../src/api/object.ts";
import { TEMPLATE_HASH_LABEL, templateHash } from "../../src/plan/pods/pod-template.ts";

/** A Deployment `shop` with a ReplicaSet for each of its versions, for tables of plans. */
export const CREATED = "2026-01-01T00:00:00Z";

export function meta(name: string, more: Partial<StoredMeta> = {}): StoredMeta {
  return { name, namespace: "default", uid: `uid-${name}`, resourceVersion: "1", creationTimestamp: CREATED, ...more };
}

export function template(version: string): PodTemplateSpec {
  return {
    metadata: { labels: { app: "shop" } },
    spec: { containers: [{ name: "shop", image: `shop:${version}`, ports: [{ containerPort: 8080 }] }] },
  } as PodTemplateSpec;
}

export function deployment(
  version: string,
  spec: Partial<Deployment["spec"]> = {},
  more: Partial<StoredMeta> = {},
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: meta("shop", { generation: 1, ...more }),
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "shop" } },
      template: template(version),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      progressDeadlineSeconds: 600,
      ...spec,
    },
  };
}

export const hashOfVersion = (version: string): string => templateHash(template(version));

export function replicaSet(version: string, ready: number, more: Partial<ReplicaSet["spec"]> = {}): ReplicaSet {
  const hash = hashOfVersion(version);
  const labels = { app: "shop", [TEMPLATE_HASH_LABEL]: hash };
  const pods = template(version);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: meta(`shop-${hash}`, {
      labels,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "shop", uid: "uid-shop", controller: true }],
    }),
    spec: {
      replicas: ready,
      selector: { matchLabels: labels },
      template: { ...pods, metadata: { ...pods.metadata, labels } },
      ...more,
    },
    status: { replicas: ready, readyReplicas: ready, availableReplicas: ready },
  };
}

export function policy(spec: Partial<ReleasePolicy["spec"]> = {}, more: Partial<ReleasePolicy> = {}): ReleasePolicy {
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "ReleasePolicy",
    metadata: meta("shop", { generation: 1 }),
    spec: { targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" }, ...spec },
    ...more,
  };
}
