import type { KubeObject } from "./object.ts";

/**
 * A typed handle of a resource: the names with which its URLs are built, and the TypeScript type of its objects.
 * The handles of the built-in resources are in `generated/resources.ts`.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** API group, "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries the type of the objects. */
  readonly objects?: T;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `deployments.apps`, or `pods` for the core group: how Kubernetes names a resource in its messages. */
export function qualifiedName(resource: Pick<Resource, "group" | "plural">): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}
