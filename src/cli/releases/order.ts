import { userInfo } from "node:os";
import { releases } from "../../api/generated/resources.ts";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { AppError } from "../../lib/app-error.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Context } from "../context.ts";
import { type Cluster, type ClusterOptions, connect } from "../kube/cluster.ts";
import { followObject } from "../kube/follow.ts";
import { withDeadline } from "../kube/timeout.ts";
import { hasEnded, latestRelease, phaseOf } from "./releases.ts";

export type Verb = NonNullable<Release["spec"]["order"]>["verb"];

/** How long the release controller may take to obey; it is quick when it runs. */
const OBEDIENCE = 10_000;

/** Gives the order to the Deployment's release and tells what became of it. */
export async function order(
  context: Context,
  verb: Verb,
  args: readonly string[],
  options: ClusterOptions,
): Promise<void> {
  using cluster = await connect(context, options);
  const release = await latestRelease(cluster, args);
  const again = verb === "retry" && phaseOf(release) === "Reverted";
  if (hasEnded(release) && !again)
    throw new AppError("release-ended", `release "${release.metadata.name}" has ended: ${phaseOf(release)}`);
  const id = context.random.uuid();
  const given = { id, verb, by: userInfo().username, time: formatTimestamp(context.clock.now()) };
  const patch = { type: "merge", body: { spec: { order: given } } } as const;
  await cluster.client.patch(releases, release.metadata.name, release.metadata.namespace, patch);
  const obeyed = await withDeadline(
    context,
    OBEDIENCE,
    `release "${release.metadata.name}" has not taken the order: does the control process run (sluice status)?`,
    (signal) => untilObeyed(cluster, release, id, signal),
  );
  context.stdout.write(outcome(verb, release, obeyed));
}

async function untilObeyed(cluster: Cluster, release: Release, id: string, signal: AbortSignal): Promise<Release> {
  const resources = await cluster.resources();
  const { name, namespace } = release.metadata;
  const one = { resource: resources.named("releases.sluice.dev"), name, namespace };
  for await (const object of followObject(cluster.client, one, signal)) {
    const current = object as Release | undefined;
    if (!current) throw new AppError("no-release", `release "${name}" is gone`);
    if (current.status?.observedOrder === id) return current;
  }
  throw signal.reason as Error;
}

/** What was decided since the order: what the release did. Throws AppError `order-refused` with the reason when it did nothing. */
export function outcome(verb: Verb, before: Release, after: Release): string {
  const known = before.status?.decisions?.length ?? 0;
  const decisions = (after.status?.decisions ?? []).slice(known);
  const refused = decisions.find(({ what }) => what === `${verb}: nothing done`);
  const name = `release "${after.metadata.name}"`;
  if (refused) throw new AppError("order-refused", `${name}: nothing done, ${refused.why ?? ""}`);
  // One that has ended stays as it is: a retry begins another.
  const now = hasEnded(before) ? decisions.at(-1)?.why : `${phaseOf(after)}, ${after.status?.message ?? ""}`;
  return `${name} ${DONE[verb]}: ${(now ?? "").replace(/, $/, "")}\n`;
}

const DONE: Readonly<Record<Verb, string>> = {
  promote: "promoted",
  "promote-full": "promoted to everyone",
  pause: "paused",
  resume: "resumed",
  abort: "aborted",
  retry: "tried again",
};
