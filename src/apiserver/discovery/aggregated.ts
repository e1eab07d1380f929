import type { ResourceInfo, SubresourceInfo, TypeTable } from "../../api/table/type-table.ts";

/**
 * Discovery of everything in two documents.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 */
export const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** The document of /api (`core`: the group without a name) or of /apis (all others). */
export function groupDiscoveryList(types: TypeTable, core: boolean): object {
  const groups = types.groups.filter(({ name }) => (name === "") === core);
  const items = groups.map(({ name, versions }) => ({
    metadata: name === "" ? {} : { name },
    versions: versions.map((version) => ({
      version,
      resources: types.resources.filter((info) => info.group === name && info.version === version).map(resourceOf),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function resourceOf(info: ResourceInfo): object {
  return {
    resource: info.plural,
    responseKind: { group: "", version: "", kind: info.kind },
    scope: info.namespaced ? "Namespaced" : "Cluster",
    singularResource: info.singular,
    verbs: info.verbs,
    ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
    ...(info.categories.length > 0 && { categories: info.categories }),
    ...(info.subresources.length > 0 && { subresources: info.subresources.map((sub) => subresourceOf(sub, info)) }),
  };
}

/** Group and version are only told where they differ from those of the resource. */
function subresourceOf({ name, group, version, kind, verbs }: SubresourceInfo, info: ResourceInfo): object {
  const same = group === info.group && version === info.version;
  const responseKind = { group: same ? "" : group, version: same ? "" : version, kind };
  return { subresource: name, responseKind, verbs };
}
