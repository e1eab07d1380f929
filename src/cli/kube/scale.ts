import { AppError } from "../../lib/app-error.ts";
import { throwAll } from "../error-text.ts";
import type { Context } from "../context.ts";
import { type ClusterOptions, connect } from "./cluster.ts";
import { type DryRun, dryRunSuffix } from "./dry-run.ts";
import { fetchObject, NO_RESOURCES, selectObjects, type SelectionOptions } from "./selected-objects.ts";
import { displayName } from "./targets.ts";

export interface ScaleOptions extends ClusterOptions, SelectionOptions {
  readonly replicas: number;
  /** Scales only what has this number now. */
  readonly currentReplicas: number;
  readonly dryRun: DryRun;
}

/** `sluice scale --replicas=COUNT (-f FILE | TYPE NAME)`: `kubectl scale`. */
export async function scale(context: Context, args: readonly string[], options: ScaleOptions): Promise<void> {
  if (!(options.replicas >= 0))
    throw new AppError("usage", "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  if (!options.filename && args.length === 0) throw new AppError("usage", NO_RESOURCES);
  using cluster = await connect(context, options);
  const { objects, errors: refused } = await selectObjects(context, cluster, args, options, "all");
  const errors = [...refused];
  for (const one of objects) {
    try {
      if (options.currentReplicas >= 0) {
        const { spec } = (await fetchObject(cluster, one)) as { readonly spec?: { readonly replicas?: number } };
        const { replicas = 0 } = spec ?? {};
        if (replicas !== options.currentReplicas)
          throw new AppError("precondition", `Expected replicas to be ${options.currentReplicas}, was ${replicas}`);
      } else if (options.dryRun === "none") await fetchObject(cluster, one);
      const patch = { type: "merge", body: { spec: { replicas: options.replicas } } } as const;
      if (options.dryRun !== "client")
        await cluster.client.patch(one.resource, one.name, one.namespace, patch, {
          subresource: "scale",
          dryRun: options.dryRun === "server",
        });
      context.stdout.write(`${displayName(one.resource, one.name)} scaled${dryRunSuffix(options.dryRun)}\n`);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  throwAll(errors);
}
