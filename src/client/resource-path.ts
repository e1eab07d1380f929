import type { Resource } from "../api/resource.ts";

/** What a URL of the API names, below its resource. */
export interface PathTarget {
  /** Absent for cluster-scoped resources, and for a list over all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string;
  readonly subresource?: string;
}

/** `/apis/apps/v1/namespaces/default/deployments/web/status`. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export function resourcePath(resource: Resource, target: PathTarget, query?: URLSearchParams): string {
  const { group, version, plural, namespaced } = resource;
  const { namespace, name, subresource } = target;
  if (namespaced && name !== undefined && !namespace) throw new TypeError(`${plural} ${name}: a namespace is needed`);
  let path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  if (namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  if (subresource !== undefined) path += `/${subresource}`;
  return query && query.size > 0 ? `${path}?${query.toString()}` : path;
}
