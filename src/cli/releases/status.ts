import type { Release } from "../../api/generated/sluice-dev.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Context } from "../context.ts";
import { type Cluster, connect } from "../kube/cluster.ts";
import { followObject } from "../kube/follow.ts";
import { withDeadline } from "../kube/timeout.ts";
import { printed } from "./printed.ts";
import { hasEnded, latestRelease, phaseOf, type ReleaseOptions } from "./releases.ts";
import { releaseSummary } from "./show.ts";

export interface ReleaseStatusOptions extends ReleaseOptions {
  /** Follows it to its end, a line for each change of what it says. */
  readonly watch?: boolean;
  /** How long to follow it, in milliseconds; 0: as long as it takes. */
  readonly timeout: number;
}

/**
 * Where the newest release of the Deployment is, and what it waits for. Who follows it to its end has an error when that is not
 * a success.
 */
export async function releaseStatus(
  context: Context,
  args: readonly string[],
  options: ReleaseStatusOptions,
): Promise<void> {
  using cluster = await connect(context, options);
  const release = await latestRelease(cluster, args);
  context.stdout.write(await printed(options, release, releaseSummary(release, context.clock.now())));
  if (!options.watch) return;
  const ended = await withDeadline(
    context,
    options.timeout,
    `timed out waiting for release "${release.metadata.name}" to end`,
    (signal) => (hasEnded(release) ? Promise.resolve(release) : untilEnded(context, cluster, release, signal)),
  );
  const phase = phaseOf(ended);
  if (phase !== "Succeeded")
    throw new AppError("release-ended", `release "${ended.metadata.name}" has ended: ${phase}`);
}

async function untilEnded(context: Context, cluster: Cluster, release: Release, signal: AbortSignal): Promise<Release> {
  const resource = (await cluster.resources()).named("releases.sluice.dev");
  const one = { resource, name: release.metadata.name, namespace: release.metadata.namespace };
  let told = release.status?.message;
  for await (const object of followObject(cluster.client, one, signal)) {
    const current = object as Release | undefined;
    if (!current) throw new AppError("deleted", "object has been deleted");
    const ended = hasEnded(current);
    const line = ended ? current.status?.receipt : current.status?.message;
    if (line !== undefined && line !== told) context.stdout.write(`${line}\n`);
    told = line;
    if (ended) return current;
  }
  throw signal.reason as Error;
}
