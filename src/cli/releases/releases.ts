import { deployments, releasepolicies, releases } from "../../api/generated/resources.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Cluster, ClusterOptions } from "../kube/cluster.ts";

export type Phase = NonNullable<NonNullable<Release["status"]>["phase"]>;

/** Of commands that show releases. */
export interface ReleaseOptions extends ClusterOptions {
  /** The objects themselves; absent: what they say to people. */
  readonly output?: "json" | "yaml";
}

const ENDED: readonly Phase[] = ["Reverted", "Succeeded", "Superseded"];

export function phaseOf({ status }: Release): Phase {
  return status?.phase ?? "Deploying";
}

export function hasEnded(release: Release): boolean {
  return ENDED.includes(phaseOf(release));
}

const DEPLOYMENT = /^(?:deployments?|deploy)(?:\.apps)?$/;

/** What is released, as people name it: `shop`, `deployment/shop`, `deploy shop`. Throws AppError `usage`. */
export function deploymentName(args: readonly string[]): string {
  const [type, name, ...more] = args.flatMap((arg) => arg.split("/"));
  if (type !== undefined && name === undefined) return type;
  if (type === undefined || name === undefined || name === "" || more.length > 0)
    throw new AppError("usage", "name one Deployment, like shop or deployment/shop");
  if (!DEPLOYMENT.test(type)) throw new AppError("usage", `only Deployments are released, not "${type}"`);
  return name;
}

/**
 * The Deployment's releases, oldest first; or with the name of a Release that one. Throws AppError `no-release` when there is
 * none, and NotFound when there is no such Deployment.
 */
export async function releasesOf(cluster: Cluster, args: readonly string[]): Promise<readonly Release[]> {
  const name = deploymentName(args);
  const { client, namespace } = cluster;
  const { items } = await client.list(releases, { namespace });
  const own = releasesOfDeployment(items, name);
  if (own.length > 0) return own;
  await client.get(deployments, name, namespace);
  const policies = await client.list(releasepolicies, { namespace });
  throw new AppError("no-release", whyNone(name, policies.items));
}

/** Why a Deployment that exists has had no release. */
export function whyNone(name: string, policies: readonly ReleasePolicy[]): string {
  const own = policies.filter(({ spec }) => spec.targetRef.name === name);
  const [policy] = own;
  if (!policy) return `deployment "${name}" has no ReleasePolicy, so its templates roll out as in Kubernetes`;
  const ready = own.flatMap(({ status }) => status?.conditions ?? []).filter(({ type }) => type === "Ready");
  const problem = ready.find(({ status }) => status === "False");
  if (problem && ready.every(({ status }) => status !== "True"))
    return `deployment "${name}" has had no release: ReleasePolicy "${policy.metadata.name}" is not in force: ${problem.message ?? problem.reason}`;
  return `deployment "${name}" has had no release yet: one begins with a new template`;
}

/** Those of the Deployment (or the Release itself of that name), oldest first. */
export function releasesOfDeployment(releases: readonly Release[], name: string): readonly Release[] {
  return releases
    .filter(({ spec, metadata }) => spec.targetRef.name === name || metadata.name === name)
    .toSorted(byAge);
}

/** The newest. */
export async function latestRelease(cluster: Cluster, args: readonly string[]): Promise<Release> {
  const all = await releasesOf(cluster, args);
  return all[all.length - 1] as Release;
}

/** Timestamps have seconds; within one, the newer is that of the later write. */
function byAge(a: Release, b: Release): number {
  const [first, second] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (first !== second) return first < second ? -1 : 1;
  return (a.spec.generation ?? 0) - (b.spec.generation ?? 0);
}
