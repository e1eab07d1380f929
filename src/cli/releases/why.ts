import type { Context } from "../context.ts";
import { type ClusterOptions, connect } from "../kube/cluster.ts";
import { latestRelease } from "./releases.ts";
import { releaseReasons } from "./show.ts";

/** Why the newest release of the Deployment, or the Release of that name, is where it is. */
export async function why(context: Context, args: readonly string[], options: ClusterOptions): Promise<void> {
  using cluster = await connect(context, options);
  context.stdout.write(releaseReasons(await latestRelease(cluster, args)));
}
