import type { PersistentVolumeClaim } from "../../api/generated/core-v1.ts";
import type { StorageClass } from "../../api/generated/storage-v1.ts";
import { defaultClass } from "../../plan/volume-claim/claim-plan.ts";
import type { Admitter } from "./admitter.ts";

/** How claims named their class before there was a field for it. */
const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

/**
 * Gives a new claim that names no class the default one.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultstorageclass
 */
export const defaultStorageClass: Admitter = {
  name: "DefaultStorageClass",
  resources: new Set(["/persistentvolumeclaims"]),
  admit(_old, object, { operation, subresource, objects }) {
    const claim = object as PersistentVolumeClaim;
    const isNamed =
      claim.spec?.storageClassName !== undefined || claim.metadata.annotations?.[CLASS_ANNOTATION] !== undefined;
    if (operation !== "create" || subresource !== undefined || isNamed) return object;
    const found = defaultClass(objects.list("storage.k8s.io/storageclasses") as readonly StorageClass[]);
    if (!found) return object;
    const named: PersistentVolumeClaim = { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } };
    return named;
  },
};
