import type { PersistentVolume } from "../generated/core-v1.ts";
import { warnOfNodeSelector } from "./node-labels.ts";
import { warnOfClassAnnotation } from "./claim.ts";
import { METADATA, SPEC, type Warnings } from "./warnings.ts";

const MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options";
const RECYCLE =
  "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";

/** Kinds of volumes that Kubernetes has given up. */
const GONE = {
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
} as const;

export function warnOfPersistentVolume({ metadata, spec }: PersistentVolume, warnings: Warnings): void {
  warnOfClassAnnotation(metadata.annotations, warnings);
  if (MOUNT_OPTIONS in (metadata.annotations ?? {})) {
    const path = METADATA.child("annotations").key(MOUNT_OPTIONS);
    warnings.at(path, 'deprecated since v1.31; use "mountOptions" attribute instead');
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle")
    warnings.at(SPEC.child("persistentVolumeReclaimPolicy"), RECYCLE);
  const required = spec.nodeAffinity?.required;
  if (required) warnOfNodeSelector(required, SPEC.child("nodeAffinity.required"), warnings);
  for (const [name, text] of Object.entries(GONE)) if (name in spec) warnings.at(SPEC.child(name), text);
}
