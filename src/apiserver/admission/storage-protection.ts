import type { Admitter } from "./admitter.ts";

const FINALIZERS: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: "kubernetes.io/pvc-protection",
  PersistentVolume: "kubernetes.io/pv-protection",
};

/**
 * Keeps claims and volumes from going while they are in use: the controller of claims takes the finalizer away again.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
 */
export const storageProtection: Admitter = {
  name: "StorageObjectInUseProtection",
  resources: new Set(["/persistentvolumeclaims", "/persistentvolumes"]),
  admit(_old, object, { operation, info, subresource }) {
    const finalizer = FINALIZERS[info.kind];
    const { finalizers = [] } = object.metadata;
    if (operation !== "create" || subresource !== undefined || !finalizer || finalizers.includes(finalizer))
      return object;
    return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
  },
};
