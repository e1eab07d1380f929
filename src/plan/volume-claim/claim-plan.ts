import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/generated/core-v1.ts";
import type { StorageClass } from "../../api/generated/storage-v1.ts";
import type { Draft } from "../../api/object.ts";
import { labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";
import { compareQuantities, parseQuantity, type Quantity } from "../../lib/quantity.ts";
import type { EventAction } from "../event.ts";
import type { Plan } from "../plan.ts";
import { hasEnded, isDeleting } from "../pods/readiness.ts";

/** Provisioner of the class `sluice`: a directory on this machine. The class's parameter `directory` says where. */
export const PROVISIONER = "sluice.dev/directory";
const DEFAULT_CLASS = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];
export const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
export const CLAIM_PROTECTION = "kubernetes.io/pvc-protection";

export interface ClaimView {
  readonly claim: PersistentVolumeClaim;
  readonly volumes: readonly PersistentVolume[];
  readonly classes: readonly StorageClass[];
  /** The pods of the claim's namespace. */
  readonly pods: readonly Pod[];
}

export type ClaimAction =
  /** Replaces the claim (its class, its volume, its finalizers). */
  | { readonly kind: "updateClaim"; readonly object: PersistentVolumeClaim; readonly why: string }
  | { readonly kind: "createVolume"; readonly object: Draft<PersistentVolume>; readonly why: string }
  | { readonly kind: "updateVolume"; readonly object: PersistentVolume; readonly why: string }
  | EventAction;

/** The claim's status; undefined: as it is. */
export type ClaimStatus = PersistentVolumeClaim["status"];

/**
 * Finds or makes the volume of a claim. One step a pass: class, then volume, then binding.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#lifecycle-of-a-volume-and-claim
 */
export function planClaim(view: ClaimView): Plan<ClaimAction, ClaimStatus> {
  const { claim } = view;
  if (isDeleting(claim)) return { actions: unprotect(view), status: undefined };
  const volume = volumeOf(view);
  if (volume) return bind(claim, volume);
  if (claim.spec.volumeName) return lost(claim, view);
  const chosen = claim.spec.storageClassName === undefined ? defaultClass(view.classes) : undefined;
  if (chosen) {
    const object = { ...claim, spec: { ...claim.spec, storageClassName: chosen.metadata.name } };
    return { actions: [{ kind: "updateClaim", object, why: "it names no class" }], status: undefined };
  }
  const existing = bestVolume(view);
  if (existing) return { actions: [reserve(existing, claim)], status: undefined };
  return { actions: provision(view), status: pending(claim) };
}

/** A claim goes when no pod uses it any more. */
function unprotect({ claim, pods }: ClaimView): readonly ClaimAction[] {
  const { finalizers = [] } = claim.metadata;
  if (!finalizers.includes(CLAIM_PROTECTION)) return [];
  const used = pods.some((pod) => !hasEnded(pod) && usesClaim(pod, claim.metadata.name));
  if (used) return [];
  const metadata = { ...claim.metadata, finalizers: finalizers.filter((name) => name !== CLAIM_PROTECTION) };
  return [{ kind: "updateClaim", object: { ...claim, metadata }, why: "no pod uses it" }];
}

function usesClaim(pod: Pod, name: string): boolean {
  return (pod.spec.volumes ?? []).some(
    (volume) =>
      volume.persistentVolumeClaim?.claimName === name ||
      (volume.ephemeral !== undefined && `${pod.metadata.name}-${volume.name}` === name),
  );
}

/** The volume that is reserved for the claim, or that the claim names and that is free. */
function volumeOf({ claim, volumes }: ClaimView): PersistentVolume | undefined {
  const reserved = volumes.find(({ spec }) => spec.claimRef?.uid === claim.metadata.uid);
  if (reserved) return reserved;
  const named = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName);
  return named && isFreeFor(named, claim) ? named : undefined;
}

function isFreeFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec;
  if (!claimRef) return true;
  return !claimRef.uid && claimRef.namespace === metadata.namespace && claimRef.name === metadata.name;
}

/** Both sides name each other; then the claim is bound. */
function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Plan<ClaimAction, ClaimStatus> {
  if (volume.spec.claimRef?.uid !== claim.metadata.uid) return { actions: [reserve(volume, claim)], status: undefined };
  const { annotations } = claim.metadata;
  if (claim.spec.volumeName !== volume.metadata.name || annotations?.[BIND_COMPLETED] === undefined) {
    const byController = claim.spec.volumeName ? undefined : { [BOUND_BY_CONTROLLER]: "yes" };
    const metadata = { ...claim.metadata, annotations: { ...annotations, [BIND_COMPLETED]: "yes", ...byController } };
    const object = { ...claim, metadata, spec: { ...claim.spec, volumeName: volume.metadata.name } };
    return { actions: [{ kind: "updateClaim", object, why: "its volume is there" }], status: undefined };
  }
  const { accessModes = [], capacity = {} } = volume.spec;
  return { actions: [], status: { ...claim.status, phase: "Bound", accessModes, capacity } };
}

function reserve(volume: PersistentVolume, claim: PersistentVolumeClaim): ClaimAction {
  const { name, namespace = "", uid, resourceVersion } = claim.metadata;
  const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid, resourceVersion };
  const byController = volume.spec.claimRef ? undefined : { [BOUND_BY_CONTROLLER]: "yes" };
  const metadata = { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...byController } };
  const object = { ...volume, metadata, spec: { ...volume.spec, claimRef } };
  return { kind: "updateVolume", object, why: "it is the smallest that fits the claim" };
}

/** A claim that was bound and whose volume is gone. One that only names a volume waits for it. */
function lost(claim: PersistentVolumeClaim, { volumes }: ClaimView): Plan<ClaimAction, ClaimStatus> {
  if (claim.metadata.annotations?.[BIND_COMPLETED] === undefined) return { actions: [], status: pending(claim) };
  if (claim.status?.phase === "Lost") return { actions: [], status: undefined };
  const exists = volumes.some(({ metadata }) => metadata.name === claim.spec.volumeName);
  const [reason, message] = exists
    ? ["ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly"]
    : ["ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"];
  return {
    actions: [{ kind: "event", type: "Warning", reason, message, why: "its volume is not its own" }],
    status: { ...claim.status, phase: "Lost" },
  };
}

function pending({ status }: PersistentVolumeClaim): ClaimStatus {
  return status?.phase === undefined ? { ...status, phase: "Pending" } : undefined;
}

/** The newest of the default classes; of equally new ones the first by name. */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const newestFirst = (a: StorageClass, b: StorageClass): number => {
    const [at, bt] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
    if (at !== bt) return at < bt ? 1 : -1;
    return a.metadata.name < b.metadata.name ? -1 : 1;
  };
  return classes.filter(isDefault).sort(newestFirst)[0];
}

function isDefault({ metadata: { annotations = {} } }: StorageClass): boolean {
  return DEFAULT_CLASS.some((name) => annotations[name] === "true");
}

/** The smallest free volume that has what the claim asks for. */
function bestVolume({ claim, volumes }: ClaimView): PersistentVolume | undefined {
  return volumes.filter((volume) => fits(volume, claim)).sort(bySize)[0];
}

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { spec, metadata } = volume;
  const { accessModes = [], selector, storageClassName = "", volumeMode = "Filesystem" } = claim.spec;
  return (
    !isDeleting(volume) &&
    isFreeFor(volume, claim) &&
    (spec.storageClassName ?? "") === storageClassName &&
    (spec.volumeMode ?? "Filesystem") === volumeMode &&
    accessModes.every((mode) => spec.accessModes?.includes(mode)) &&
    (!selector || matchesLabels(labelSelectorOf(selector), metadata.labels)) &&
    compareQuantities(sizeOf(volume), requestOf(claim)) >= 0
  );
}

function requestOf({ spec }: PersistentVolumeClaim): Quantity {
  return parseQuantity(spec.resources?.requests?.["storage"] ?? "0");
}

function sizeOf(volume: PersistentVolume): Quantity {
  return parseQuantity(volume.spec.capacity?.["storage"] ?? "0");
}

function bySize(a: PersistentVolume, b: PersistentVolume): number {
  return compareQuantities(sizeOf(a), sizeOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function provision({ claim, classes }: ClaimView): readonly ClaimAction[] {
  const { storageClassName = "" } = claim.spec;
  const event = (type: "Normal" | "Warning", reason: string, message: string): readonly ClaimAction[] => [
    { kind: "event", type, reason, message, why: "the claim has to wait" },
  ];
  if (storageClassName === "")
    return event(
      "Normal",
      "FailedBinding",
      "no persistent volumes available for this claim and no storage class is set",
    );
  const chosen = classes.find(({ metadata }) => metadata.name === storageClassName);
  if (!chosen)
    return event("Warning", "ProvisioningFailed", `storageclass.storage.k8s.io "${storageClassName}" not found`);
  if (chosen.provisioner === PROVISIONER) return provisionDirectory(claim, chosen);
  return event(
    "Normal",
    "ExternalProvisioning",
    `Waiting for a volume to be created either by the external provisioner '${chosen.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
  );
}

function provisionDirectory(
  claim: PersistentVolumeClaim,
  { parameters, reclaimPolicy = "Delete" }: StorageClass,
): readonly ClaimAction[] {
  const { name: claimName, namespace = "", uid, resourceVersion } = claim.metadata;
  const { accessModes = [], resources, storageClassName = "", volumeMode = "Filesystem" } = claim.spec;
  if (volumeMode === "Block") {
    const message = "the class makes directories, it has no block devices";
    return [{ kind: "event", type: "Warning", reason: "ProvisioningFailed", message, why: "the claim cannot be met" }];
  }
  const name = `pvc-${uid}`;
  const path = `${parameters?.["directory"] ?? ""}/${namespace}_${claimName}_${name}`;
  const object: Draft<PersistentVolume> = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      capacity: { storage: resources?.requests?.["storage"] ?? "0" },
      accessModes,
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name: claimName, namespace, uid, resourceVersion },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName,
      volumeMode,
      hostPath: { path, type: "DirectoryOrCreate" },
    },
  };
  const why = `class ${storageClassName} makes a directory`;
  const message = `Successfully provisioned volume ${name}`;
  return [
    { kind: "createVolume", object, why },
    { kind: "event", type: "Normal", reason: "ProvisioningSucceeded", message, why },
  ];
}
