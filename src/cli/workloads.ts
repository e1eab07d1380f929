import type { Deployment } from "../api/generated/apps-v1.ts";
import { deployments, releases } from "../api/generated/resources.ts";
import type { Release } from "../api/generated/sluice-dev.ts";
import type { Context } from "./context.ts";
import { connect } from "./kube/cluster.ts";
import { conditionOf } from "./kube/rollout/progress.ts";
import { hasEnded, phaseOf } from "./releases/releases.ts";

export interface WorkloadStatus {
  readonly namespace: string;
  readonly name: string;
  readonly stuck?: { readonly reason: string; readonly message: string };
  readonly message?: string;
}

/** What the engine runs, as far as `sluice status` tells of it. */
export interface Workloads {
  readonly deployments: readonly (WorkloadStatus & { readonly ready: string })[];
  /** Those that have not ended. */
  readonly releases: readonly (WorkloadStatus & { readonly phase: string })[];
}

/** Undefined when the API does not answer. */
export async function workloads(context: Context): Promise<Workloads | undefined> {
  try {
    using cluster = await connect(context, {});
    const [all, live] = await Promise.all([cluster.client.list(deployments), cluster.client.list(releases)]);
    return {
      deployments: all.items.map(deploymentStatus),
      releases: live.items.filter((release) => !hasEnded(release)).map(releaseStatus),
    };
  } catch {
    return undefined;
  }
}

function deploymentStatus(deployment: Deployment): Workloads["deployments"][number] {
  const { metadata, spec, status } = deployment;
  const stuck = conditionOf(deployment, "Stuck");
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    ready: `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1} ready`,
    ...(stuck?.status === "True" && { stuck: { reason: stuck.reason ?? "", message: stuck.message ?? "" } }),
  };
}

function releaseStatus(release: Release): Workloads["releases"][number] {
  const { metadata, status } = release;
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    phase: `${phaseOf(release)} at ${status?.weightText ?? "0 %"}`,
    ...(status?.message !== undefined && { message: status.message }),
  };
}
