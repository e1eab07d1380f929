import type { Deployment, ReplicaSet } from "../../../api/generated/apps-v1.ts";
import { AppError } from "../../../lib/app-error.ts";
import { jsonEqual, type JsonObject, objectOf } from "../../../lib/json.ts";
import type { Context } from "../../context.ts";
import { type DryRun, dryRunSuffix } from "../dry-run.ts";
import { LAST_APPLIED } from "../last-applied.ts";
import { displayName } from "../targets.ts";
import { eachDeployment, type RolloutOptions } from "./deployment-target.ts";
import { REVISION, revisionsOf, revisionToUndo } from "./revisions.ts";

export interface UndoOptions extends RolloutOptions {
  /** 0: the one before the present one. */
  readonly toRevision: number;
  readonly dryRun: DryRun;
}

const HASH_LABEL = "pod-template-hash";

/** Annotations that belong to the Deployment or to one revision of it, and do not come back with a template. */
const KEPT = [
  LAST_APPLIED,
  REVISION,
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
];

/** `sluice rollout undo`: `kubectl rollout undo`. */
export function rolloutUndo(context: Context, args: readonly string[], options: UndoOptions): Promise<void> {
  const { toRevision, dryRun } = options;
  return eachDeployment(context, args, options, "undo", async (target, cluster) => {
    const { deployment, resource, name, namespace } = target;
    if (deployment.metadata.annotations?.[LAST_APPLIED] !== undefined)
      context.stderr.write(`Warning: resource ${resource.plural}/${name} ${WAS_APPLIED}\n`);
    const revisions = await revisionsOf(cluster.client, deployment);
    const { replicaSet } = revisionToUndo(revisions, deployment, toRevision);
    if (deployment.spec.paused)
      throw new AppError(
        "paused",
        "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
      );
    const template = templateOf(replicaSet);
    const done = (what: string): void =>
      context.stdout.write(`${displayName(resource, name)} ${what}${dryRunSuffix(dryRun)}\n`);
    if (jsonEqual(template, templateOf(deployment))) {
      done(`skipped rollback (current template already matches revision ${toRevision})`);
      return;
    }
    const body = [
      { op: "replace", path: "/spec/template", value: template },
      { op: "replace", path: "/metadata/annotations", value: annotationsAfter(deployment, replicaSet) },
    ];
    if (dryRun !== "client")
      await cluster.client.patch(resource, name, namespace, { type: "json", body }, { dryRun: dryRun === "server" });
    done("rolled back");
  });
}

const WAS_APPLIED =
  "was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.";

/** The template without the label that tells one set's pods from another's. */
function templateOf({ spec }: Deployment | ReplicaSet): JsonObject {
  const template = spec.template as JsonObject | undefined;
  const metadata = objectOf(template?.["metadata"]);
  const { [HASH_LABEL]: _, ...labels } = objectOf(metadata["labels"]);
  return { ...template, metadata: { ...metadata, labels } };
}

/** The Deployment's own annotations, and those that the set has of its template's time. */
function annotationsAfter(deployment: Deployment, replicaSet: ReplicaSet): Readonly<Record<string, string>> {
  const after: Record<string, string> = {};
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (KEPT.includes(name)) after[name] = value;
  for (const [name, value] of Object.entries(replicaSet.metadata.annotations ?? {}))
    if (!KEPT.includes(name)) after[name] = value;
  return after;
}
