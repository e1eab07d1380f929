import type { Context } from "../context.ts";
import { connect } from "../kube/cluster.ts";
import { printed } from "./printed.ts";
import { type ReleaseOptions, releasesOf } from "./releases.ts";
import { releaseHistory } from "./show.ts";

/** All releases of the Deployment, oldest first. */
export async function history(context: Context, args: readonly string[], options: ReleaseOptions): Promise<void> {
  using cluster = await connect(context, options);
  const releases = await releasesOf(cluster, args);
  context.stdout.write(await printed(options, releases, releaseHistory(releases)));
}
