import type { Deployment } from "../../../api/generated/apps-v1.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Context } from "../../context.ts";
import type { Cluster } from "../cluster.ts";
import { followObject } from "../follow.ts";
import { withDeadline } from "../timeout.ts";
import { type DeploymentTarget, eachDeployment, type RolloutOptions } from "./deployment-target.ts";
import { rolloutProgress } from "./progress.ts";
import { revisionOf } from "./revisions.ts";

export interface StatusOptions extends RolloutOptions {
  readonly watch: boolean;
  /** Milliseconds; 0: as long as it takes. */
  readonly timeout: number;
  /** The revision that is meant; 0: whichever is the newest. */
  readonly revision: number;
}

/** `sluice rollout status`: `kubectl rollout status`, which also ends, and fails, as soon as the rollout is known to be stuck. */
export function rolloutStatus(context: Context, args: readonly string[], options: StatusOptions): Promise<void> {
  return eachDeployment(context, args, options, "watching", (target, cluster) =>
    withDeadline(context, options.timeout, "timed out waiting for the condition", (signal) =>
      follow(context, cluster, target, options, signal),
    ),
  );
}

async function follow(
  context: Context,
  cluster: Cluster,
  target: DeploymentTarget,
  { watch, revision }: StatusOptions,
  signal: AbortSignal,
): Promise<void> {
  for await (const object of followObject(cluster.client, target, signal)) {
    if (!object) throw new AppError("deleted", "object has been deleted");
    const deployment = object as Deployment;
    if (revision > 0 && revision !== revisionOf(deployment))
      throw new AppError(
        "revision",
        `desired revision (${revision}) is different from the running revision (${revisionOf(deployment)})`,
      );
    const progress = rolloutProgress(deployment);
    if (progress.kind === "failed") throw new AppError("rollout-failed", progress.message);
    context.stdout.write(`${progress.message}\n`);
    if (progress.kind === "done" || !watch) return;
  }
}
