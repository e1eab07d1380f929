import type { PersistentVolume, PersistentVolumeClaim } from "../../api/generated/core-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";
import { isDeleting } from "../pods/readiness.ts";
import { PROVISIONED_BY, PROVISIONER } from "./claim-plan.ts";

const VOLUME_PROTECTION = "kubernetes.io/pv-protection";

export interface VolumeView {
  readonly volume: PersistentVolume;
  /** The claim of the name that the volume is reserved for. */
  readonly claim?: PersistentVolumeClaim;
}

export type VolumeAction =
  | { readonly kind: "updateVolume"; readonly object: PersistentVolume; readonly why: string }
  /** Deletes the directory with everything in it, then the volume. */
  | { readonly kind: "reclaim"; readonly path: string; readonly volume: PersistentVolume; readonly why: string };

/** The volume's status; undefined: as it is. */
export type VolumeStatus = PersistentVolume["status"];

/**
 * The phase of a volume, and its end: one whose claim is gone is deleted when its policy says so and we have made it.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming
 */
export function planVolume({ volume, claim }: VolumeView, now: number): Plan<VolumeAction, VolumeStatus> {
  const { claimRef } = volume.spec;
  const isClaimed = claimRef?.uid !== undefined && claim?.metadata.uid === claimRef.uid;
  const status = withPhase(volume, phaseOf(volume, isClaimed), now);
  if (isDeleting(volume)) return { actions: isClaimed ? [] : unprotect(volume), status };
  const isOurs = volume.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER;
  const path = volume.spec.hostPath?.path;
  const isReleased = claimRef?.uid !== undefined && !isClaimed;
  if (!isReleased || !isOurs || path === undefined || volume.spec.persistentVolumeReclaimPolicy !== "Delete")
    return { actions: [], status };
  return { actions: [{ kind: "reclaim", path, volume, why: "its claim is gone" }], status };
}

function phaseOf({ spec }: PersistentVolume, isClaimed: boolean): "Available" | "Bound" | "Released" {
  if (isClaimed) return "Bound";
  return spec.claimRef?.uid === undefined ? "Available" : "Released";
}

function withPhase({ status }: PersistentVolume, phase: "Available" | "Bound" | "Released", now: number): VolumeStatus {
  return status?.phase === phase ? undefined : { ...status, phase, lastPhaseTransitionTime: formatTimestamp(now) };
}

function unprotect(volume: PersistentVolume): readonly VolumeAction[] {
  const { finalizers = [] } = volume.metadata;
  if (!finalizers.includes(VOLUME_PROTECTION)) return [];
  const metadata = { ...volume.metadata, finalizers: finalizers.filter((name) => name !== VOLUME_PROTECTION) };
  return [{ kind: "updateVolume", object: { ...volume, metadata }, why: "no claim is bound to it" }];
}
