import { createHash } from "node:crypto";
import type { ResourceInfo, TypeTable } from "../../api/table/type-table.ts";

/**
 * Discovery as one document a group version, which `kubectl auth can-i` and older clients ask for.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */

interface GroupVersion {
  readonly groupVersion: string;
  readonly version: string;
}

const groupVersion = (group: string, version: string): string => (group === "" ? version : `${group}/${version}`);

/** /api */
export function coreVersions(serverAddress: string): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** /apis */
export function apiGroupList(types: TypeTable): object {
  const groups = types.groups.filter(({ name }) => name !== "").map(({ name, versions }) => groupOf(name, versions));
  return { kind: "APIGroupList", apiVersion: "v1", groups };
}

/** /apis/GROUP; undefined when there is no such group. */
export function apiGroup(types: TypeTable, name: string): object | undefined {
  const group = types.groups.find((candidate) => candidate.name === name);
  return group && name !== "" ? { kind: "APIGroup", apiVersion: "v1", ...groupOf(name, group.versions) } : undefined;
}

function groupOf(name: string, names: readonly string[]): object {
  const versions: GroupVersion[] = names.map((version) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions, preferredVersion: versions[0] };
}

/** /api/v1 and /apis/GROUP/VERSION; undefined when there is no such version. */
export function apiResourceList(types: TypeTable, group: string, version: string): object | undefined {
  const infos = types.resources.filter((info) => info.group === group && info.version === version);
  if (infos.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    ...(group !== "" && { apiVersion: "v1" }),
    groupVersion: groupVersion(group, version),
    resources: infos.flatMap(resourcesOf),
  };
}

function resourcesOf(info: ResourceInfo): object[] {
  const { namespaced } = info;
  const own = {
    name: info.plural,
    singularName: info.singular,
    namespaced,
    kind: info.kind,
    verbs: info.verbs,
    ...(info.shortNames.length > 0 && { shortNames: info.shortNames }),
    ...(info.categories.length > 0 && { categories: info.categories }),
    ...(info.verbs.includes("watch") && { storageVersionHash: storageVersionHash(info) }),
  };
  const subresources = info.subresources.map(({ name, group, version, kind, verbs }) => ({
    name: `${info.plural}/${name}`,
    singularName: "",
    namespaced,
    ...((group !== info.group || version !== info.version) && { group, version }),
    kind,
    verbs,
  }));
  return [own, ...subresources];
}

/** Tells clients that the stored form has changed: the first eight bytes of SHA-256 over group, version and kind. */
function storageVersionHash({ storage, kind }: ResourceInfo): string {
  const name = `${storage.group}/${storage.version}/${kind}`;
  return createHash("sha256").update(name).digest().subarray(0, 8).toString("base64");
}
