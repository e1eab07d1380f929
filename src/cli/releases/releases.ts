import { releases } from "../../api/generated/resources.ts";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Cluster } from "../kube/cluster.ts";

export type Phase = NonNullable<NonNullable<Release["status"]>["phase"]>;

const ENDED: readonly Phase[] = ["Reverted", "Succeeded", "Superseded"];

export function phaseOf({ status }: Release): Phase {
  return status?.phase ?? "Deploying";
}

export function hasEnded(release: Release): boolean {
  return ENDED.includes(phaseOf(release));
}

/** What is released, as people name it: the Deployment, with or without its type. */
export function deploymentName(name: string): string {
  return name.replace(/^(?:deployments?|deploy)(?:\.apps)?\//, "");
}

/** The Deployment's releases, oldest first; or with the name of a Release that one. Throws AppError `no-release` when there is none. */
export async function releasesOf(cluster: Cluster, given: string): Promise<readonly Release[]> {
  const name = deploymentName(given);
  const { items } = await cluster.client.list(releases, { namespace: cluster.namespace });
  const own = releasesOfDeployment(items, name);
  if (own.length === 0)
    throw new AppError(
      "no-release",
      `deployment "${name}" has had no release in namespace "${cluster.namespace}": one begins when a Deployment with a ReleasePolicy gets a new template`,
    );
  return own;
}

/** Those of the Deployment (or the Release itself of that name), oldest first. */
export function releasesOfDeployment(releases: readonly Release[], name: string): readonly Release[] {
  return releases
    .filter(({ spec, metadata }) => spec.targetRef.name === name || metadata.name === name)
    .toSorted(byAge);
}

/** The newest. */
export async function latestRelease(cluster: Cluster, name: string): Promise<Release> {
  const all = await releasesOf(cluster, name);
  return all[all.length - 1] as Release;
}

/** Timestamps have seconds; within one, the newer is that of the later write. */
function byAge(a: Release, b: Release): number {
  const [first, second] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (first !== second) return first < second ? -1 : 1;
  return (a.spec.generation ?? 0) - (b.spec.generation ?? 0);
}
