import { AppError } from "../../../lib/app-error.ts";
import type { Context } from "../../context.ts";
import { ColumnWriter } from "../server-table.ts";
import { displayName } from "../targets.ts";
import { eachDeployment, type RolloutOptions } from "./deployment-target.ts";
import { type Revision, revisionsOf } from "./revisions.ts";

const CHANGE_CAUSE = "kubernetes.io/change-cause";

/** `sluice rollout history`: `kubectl rollout history`. */
export function rolloutHistory(context: Context, args: readonly string[], options: RolloutOptions): Promise<void> {
  return eachDeployment(context, args, options, "history", async (target, cluster) => {
    const revisions = await revisionsOf(cluster.client, target.deployment);
    if (revisions.length === 0)
      throw new AppError("revision", `no rollout history found for deployment "${target.name}"`);
    context.stdout.write(`${displayName(target.resource, target.name)} \n${historyTable(revisions)}\n`);
  });
}

function historyTable(revisions: readonly Revision[]): string {
  const rows = revisions.map(({ number, replicaSet }) => [
    String(number),
    replicaSet.metadata.annotations?.[CHANGE_CAUSE] ?? "<none>",
  ]);
  return new ColumnWriter(0, 2).write([["REVISION", "CHANGE-CAUSE"], ...rows]);
}
