import type { Context } from "../context.ts";
import { connect } from "../kube/cluster.ts";
import { printed } from "./printed.ts";
import { latestRelease, type ReleaseOptions } from "./releases.ts";
import { releaseReasons } from "./show.ts";

/** Why the newest release of the Deployment, or the Release of that name, is where it is. */
export async function why(context: Context, args: readonly string[], options: ReleaseOptions): Promise<void> {
  using cluster = await connect(context, options);
  const release = await latestRelease(cluster, args);
  context.stdout.write(await printed(options, release, releaseReasons(release)));
}
