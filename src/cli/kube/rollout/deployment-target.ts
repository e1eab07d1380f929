import type { Deployment } from "../../../api/generated/apps-v1.ts";
import { deployments } from "../../../api/generated/resources.ts";
import { qualifiedName } from "../../../api/resource.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Context } from "../../context.ts";
import { throwAll } from "../../error-text.ts";
import { type Cluster, type ClusterOptions, connect } from "../cluster.ts";
import { selectObjects, type SelectedObject, type SelectionOptions } from "../selected-objects.ts";

export interface RolloutOptions extends ClusterOptions, SelectionOptions {}

/** A Deployment that a `rollout` command works on. */
export interface DeploymentTarget extends SelectedObject {
  readonly deployment: Deployment;
}

/**
 * Does `work` for each Deployment that the arguments name; what goes wrong with one is told after the others. `verb` is for
 * what is no Deployment: `restarting`.
 */
export async function eachDeployment(
  context: Context,
  args: readonly string[],
  options: RolloutOptions,
  verb: string,
  work: (target: DeploymentTarget, cluster: Cluster) => Promise<void>,
): Promise<void> {
  if (!options.filename && args.length === 0) throw new AppError("usage", "required resource not specified");
  using cluster = await connect(context, options);
  const { objects, errors: refused } = await selectObjects(context, cluster, args, options, "all");
  const errors = [...refused];
  if (objects.length === 0 && errors.length === 0)
    context.stderr.write(`No resources found in ${cluster.namespace} namespace.\n`);
  for (const one of objects) {
    try {
      const object = await cluster.client.get(one.resource, one.name, one.namespace);
      if (one.resource.kind !== deployments.kind || one.resource.group !== deployments.group)
        throw new AppError("usage", `${qualifiedName(one.resource)} "${one.name}" ${verb} is not supported`);
      await work({ ...one, deployment: object as Deployment }, cluster);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  throwAll(errors);
}
