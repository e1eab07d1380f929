import type { Release } from "../../api/generated/sluice-dev.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import { connect } from "../kube/cluster.ts";
import { listOf, objectPrinter } from "../kube/object-printer.ts";
import { type ReleaseOptions, releasesOf } from "./releases.ts";
import { releaseHistory } from "./show.ts";

/** All releases of the Deployment, oldest first. */
export async function history(context: Context, args: readonly string[], options: ReleaseOptions): Promise<void> {
  using cluster = await connect(context, options);
  const releases = await releasesOf(cluster, args);
  const text = options.output
    ? (await objectPrinter(options.output)).print(listOf(releases.map((release) => release as Release & JsonObject)))
    : releaseHistory(releases);
  context.stdout.write(text);
}
