import type { Context } from "../context.ts";
import { type ClusterOptions, connect } from "../kube/cluster.ts";
import { releasesOf } from "./releases.ts";
import { releaseHistory } from "./show.ts";

/** All releases of the Deployment, oldest first. */
export async function history(context: Context, args: readonly string[], options: ClusterOptions): Promise<void> {
  using cluster = await connect(context, options);
  context.stdout.write(releaseHistory(await releasesOf(cluster, args)));
}
