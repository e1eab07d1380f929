import type { KubeObject, ObjectMeta, StoredMeta } from "../../api/object.ts";

/** The metadata in the order in which Kubernetes writes it; absent fields stay absent. */
export function orderedMeta(meta: ObjectMeta): ObjectMeta {
  const { name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp, ...rest } = meta;
  return {
    ...(name !== undefined && { name }),
    ...(generateName && { generateName }),
    ...(namespace && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion && { resourceVersion }),
    ...(generation && { generation }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...rest,
  };
}

export function withMeta<T extends { readonly metadata: ObjectMeta }>(object: T, change: Partial<StoredMeta>): T {
  return { ...object, metadata: orderedMeta({ ...object.metadata, ...change }) };
}

export function withRevision<T extends KubeObject>(object: T, revision: number): T {
  return withMeta(object, { resourceVersion: String(revision) });
}

export function withoutMeta<T extends { readonly metadata: ObjectMeta }>(
  object: T,
  ...names: readonly (keyof ObjectMeta)[]
): T {
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const name of names) delete metadata[name];
  return { ...object, metadata };
}
