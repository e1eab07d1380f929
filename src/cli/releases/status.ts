import type { JsonObject } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import { type ClusterOptions, connect } from "../kube/cluster.ts";
import { followObject } from "../kube/follow.ts";
import { objectPrinter } from "../kube/object-printer.ts";
import { latestRelease } from "./releases.ts";
import { releaseSummary } from "./show.ts";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { hasEnded } from "./releases.ts";

export interface ReleaseStatusOptions extends ClusterOptions {
  readonly output?: "json" | "yaml";
  /** Follows it to its end, a line for each change of what it says. */
  readonly watch?: boolean;
}

/** Where the newest release of the Deployment is, and what it waits for. */
export async function releaseStatus(context: Context, name: string, options: ReleaseStatusOptions): Promise<void> {
  using cluster = await connect(context, options);
  const release = await latestRelease(cluster, name);
  const text = options.output
    ? (await objectPrinter(options.output)).print(release as Release & JsonObject)
    : releaseSummary(release, context.clock.now());
  context.stdout.write(text);
  if (!options.watch || hasEnded(release)) return;
  const resource = (await cluster.resources()).named("releases.sluice.dev");
  const one = { resource, name: release.metadata.name, namespace: release.metadata.namespace };
  let told = release.status?.message;
  for await (const current of followObject(cluster.client, one, context.signal)) {
    if (!current) return;
    const { status } = current as Release;
    const ended = hasEnded(current as Release);
    const line = ended ? status?.receipt : status?.message;
    if (line !== undefined && line !== told) context.stdout.write(`${line}\n`);
    told = line;
    if (ended) return;
  }
}
