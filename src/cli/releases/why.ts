import type { Release } from "../../api/generated/sluice-dev.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import { connect } from "../kube/cluster.ts";
import { objectPrinter } from "../kube/object-printer.ts";
import { latestRelease, type ReleaseOptions } from "./releases.ts";
import { releaseReasons } from "./show.ts";

/** Why the newest release of the Deployment, or the Release of that name, is where it is. */
export async function why(context: Context, args: readonly string[], options: ReleaseOptions): Promise<void> {
  using cluster = await connect(context, options);
  const release = await latestRelease(cluster, args);
  const text = options.output
    ? (await objectPrinter(options.output)).print(release as Release & JsonObject)
    : releaseReasons(release);
  context.stdout.write(text);
}
