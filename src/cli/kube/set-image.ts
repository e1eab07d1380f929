import { createStrategicTwoWayPatch } from "../../api/patch/three-way.ts";
import { apiVersionOf } from "../../api/resource.ts";
import { builtinTypes } from "../../api/table/builtin.ts";
import { AppError } from "../../lib/app-error.ts";
import { arrayOf, isJsonObject, type JsonObject, type JsonValue, textOf } from "../../lib/json.ts";
import type { Context } from "../context.ts";
import { throwAll } from "../error-text.ts";
import { type ClusterOptions, connect } from "./cluster.ts";
import { type DryRun, dryRunSuffix } from "./dry-run.ts";
import { changeAt, podSpecPath } from "./pod-spec.ts";
import { fetchObject, NO_RESOURCES, selectObjects, type SelectionOptions } from "./selected-objects.ts";
import { displayName } from "./targets.ts";

export interface SetImageOptions extends ClusterOptions, SelectionOptions {
  readonly dryRun: DryRun;
}

/** Images by container name; `*` means every container. */
type Images = ReadonlyMap<string, string>;

/** `sluice set image (-f FILE | TYPE NAME) CONTAINER=IMAGE ...`: `kubectl set image`. Says nothing of objects that have the image already. */
export async function setImage(context: Context, args: readonly string[], options: SetImageOptions): Promise<void> {
  const { images, resources: named } = splitArguments(args);
  if (!options.filename && named.length === 0) throw new AppError("usage", NO_RESOURCES);
  using cluster = await connect(context, options);
  const { objects, errors: refused } = await selectObjects(context, cluster, named, options, "mistake");
  const errors = [...refused];
  const types = builtinTypes();
  for (const one of objects) {
    try {
      const live = await fetchObject(cluster, one);
      const changed = withImages(live, images);
      const type = types.findKind(apiVersionOf(one.resource), one.resource.kind);
      if (!type) throw new AppError("usage", `${displayName(one.resource, one.name)} has no containers`);
      const body = createStrategicTwoWayPatch(live, changed, type.schema);
      if (Object.keys(body).length === 0) continue;
      if (options.dryRun !== "client")
        await cluster.client.patch(
          one.resource,
          one.name,
          one.namespace,
          { type: "strategic", body },
          {
            fieldManager: "kubectl-set",
            dryRun: options.dryRun === "server",
          },
        );
      context.stdout.write(`${displayName(one.resource, one.name)} image updated${dryRunSuffix(options.dryRun)}\n`);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  throwAll(errors);
}

function splitArguments(args: readonly string[]): { readonly images: Images; readonly resources: readonly string[] } {
  const pairs = args.filter((arg) => arg.includes("="));
  if (pairs.length === 0) throw new AppError("usage", "at least one image update is required");
  const images = new Map<string, string>();
  for (const pair of pairs) {
    const [container = "", ...image] = pair.split("=");
    images.set(container, image.join("="));
  }
  return { images, resources: args.filter((arg) => !arg.includes("=")) };
}

/** The object with the images set. Throws when a container is named that it does not have. */
export function withImages(object: JsonObject, images: Images): JsonObject {
  const path = podSpecPath(textOf(object["kind"]));
  if (!path) throw new AppError("usage", `a ${textOf(object["kind"])} has no containers`);
  const missing = new Set(images.keys());
  const changed = changeAt(object, path, (spec) => {
    const update = (field: string): JsonObject =>
      spec[field] === undefined ? {} : { [field]: arrayOf(spec[field]).map((one) => withImage(one, images, missing)) };
    return { ...spec, ...update("initContainers"), ...update("containers") };
  });
  const [unknown] = missing;
  if (unknown !== undefined) throw new AppError("usage", `unable to find container named "${unknown}"`);
  return changed;
}

function withImage(container: JsonValue, images: Images, missing: Set<string>): JsonValue {
  if (!isJsonObject(container)) return container;
  const name = textOf(container["name"]);
  const key = images.has(name) ? name : "*";
  const image = images.get(key);
  if (image === undefined) return container;
  missing.delete(key);
  return { ...container, image };
}
