import { AppError } from "../../lib/app-error.ts";
import type { DiscoveredResource, DiscoveredResources } from "./discovered.ts";

/** What arguments name: an object, or without a name all objects of a resource. */
export interface Target {
  readonly resource: DiscoveredResource;
  readonly name?: string;
}

const MIXED =
  "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

/** Reads `TYPE[,TYPE] [NAME...]` or `TYPE/NAME...`. Throws AppErrors with kubectl's texts. */
export function targetsOf(args: readonly string[], resources: DiscoveredResources): readonly Target[] {
  const [types = "", ...names] = args;
  const pairs = args.filter((arg) => arg.includes("/"));
  if (pairs.length === 0) {
    const listed = resources.listed(types);
    if (names.length === 0) return listed.map((resource) => ({ resource }));
    return listed.flatMap((resource) => names.map((name) => ({ resource, name })));
  }
  if (pairs.length < args.length) throw new AppError("usage", MIXED);
  return args.map((pair) => {
    const [type = "", name = "", ...more] = pair.split("/");
    if (type === "" || name === "" || more.length > 0)
      throw new AppError("usage", `arguments in resource/name form must have a single resource and name`);
    return { resource: resources.named(type), name };
  });
}

/** `deployment.apps/web`: how kubectl names an object in what it prints. */
export function displayName({ singular, kind, group }: DiscoveredResource, name: string): string {
  return `${typeName({ singular, kind, group })}/${name}`;
}

/** `deployment.apps` */
export function typeName({ singular, kind, group }: Pick<DiscoveredResource, "singular" | "kind" | "group">): string {
  const type = singular === "" ? kind.toLowerCase() : singular;
  return group === "" ? type : `${type}.${group}`;
}
