import type { Deployment, ReplicaSet } from "../../../api/generated/apps-v1.ts";
import { replicasets } from "../../../api/generated/resources.ts";
import { controllerOf, type KubeObject } from "../../../api/object.ts";
import type { ApiClient } from "../../../client/api-client.ts";
import { AppError } from "../../../lib/app-error.ts";
import { formatLabelSelector, labelSelectorOf } from "../../../lib/label-selector.ts";

export const REVISION = "deployment.kubernetes.io/revision";

/** One template that the Deployment has had, with the set that keeps it. */
export interface Revision {
  readonly number: number;
  readonly replicaSet: ReplicaSet;
}

export function revisionOf({ metadata }: KubeObject): number | undefined {
  const number = Number(metadata.annotations?.[REVISION]);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

/** The Deployment's revisions, oldest first. */
export async function revisionsOf(client: ApiClient, { metadata, spec }: Deployment): Promise<readonly Revision[]> {
  const { items } = await client.list(replicasets, {
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    labelSelector: formatLabelSelector(labelSelectorOf(spec.selector)),
  });
  const revisions = items
    .filter((set) => controllerOf(set)?.uid === metadata.uid)
    .flatMap((replicaSet) => {
      const number = revisionOf(replicaSet);
      return number === undefined ? [] : [{ number, replicaSet }];
    });
  return revisions.sort((a, b) => a.number - b.number);
}

/** The revision to go back to: the one before the newest, or with `number` (not 0) that one. */
export function revisionToUndo(revisions: readonly Revision[], deployment: Deployment, number: number): Revision {
  if (number === 0) {
    const previous = revisions.at(-2);
    if (previous) return previous;
    throw new AppError("revision", `no rollout history found for deployment "${deployment.metadata.name}"`);
  }
  const found = revisions.find((revision) => revision.number === number);
  if (!found) throw new AppError("revision", `unable to find specified revision ${number} in history`);
  return found;
}
