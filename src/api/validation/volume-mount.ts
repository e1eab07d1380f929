import type { Container, VolumeDevice, VolumeMount, VolumeSource } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { hasBacksteps, validateDescendingPath } from "./local-path.ts";

/** Where containers see volumes. */

type MountingContainer = Pick<Container, "volumeMounts" | "volumeDevices" | "securityContext">;

export function validateVolumeMounts(
  container: MountingContainer,
  volumes: ReadonlyMap<string, VolumeSource>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const devices = container.volumeDevices ?? [];
  const seen = new Set<string>();
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const namePath = path.index(i).child("name");
    const mountPath = path.index(i).child("mountPath");
    if (mount.name === "") errors.required(namePath);
    if (!volumes.has(mount.name)) errors.notFound(namePath, mount.name);
    if (mount.mountPath === "") errors.required(mountPath);
    if (seen.has(mount.mountPath)) errors.invalid(mountPath, mount.mountPath, "must be unique");
    seen.add(mount.mountPath);
    if (devices.some((device) => device.name === mount.name))
      errors.invalid(namePath, mount.name, "must not already exist in volumeDevices");
    if (devices.some((device) => device.devicePath === mount.mountPath))
      errors.invalid(mountPath, mount.mountPath, "must not already exist as a path in volumeDevices");
    validateSubPaths(mount, path, path.index(i), errors);
    validatePropagation(mount, container, path.child("mountPropagation"), errors);
    validateRecursiveReadOnly(mount, path.child("recursiveReadOnly"), errors);
  }
}

function validateSubPaths(mount: VolumeMount, path: FieldPath, mountPath: FieldPath, errors: FieldErrors): void {
  if (mount.subPath) validateDescendingPath(mount.subPath, path.child("subPath"), errors);
  if (!mount.subPathExpr) return;
  if (mount.subPath)
    errors.invalid(mountPath.child("subPathExpr"), mount.subPathExpr, "subPathExpr and subPath are mutually exclusive");
  validateDescendingPath(mount.subPathExpr, path.child("subPathExpr"), errors);
}

const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];

function validatePropagation(
  { mountPropagation: propagation }: VolumeMount,
  container: MountingContainer,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (propagation === undefined) return;
  if (!PROPAGATIONS.includes(propagation)) errors.notSupported(path, propagation, PROPAGATIONS);
  if (propagation === "Bidirectional" && !container.securityContext?.privileged)
    errors.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
}

const RECURSIVE_READ_ONLY = ["Disabled", "Enabled", "IfPossible"];

function validateRecursiveReadOnly(mount: VolumeMount, path: FieldPath, errors: FieldErrors): void {
  const { recursiveReadOnly: mode, mountPropagation: propagation } = mount;
  if (mode === undefined || mode === "Disabled") return;
  if (!RECURSIVE_READ_ONLY.includes(mode)) return errors.notSupported(path, mode, RECURSIVE_READ_ONLY);
  if (!mount.readOnly) errors.forbidden(path, "may only be specified when readOnly is true");
  if (propagation !== undefined && propagation !== "None")
    errors.forbidden(path, "may only be specified when mountPropagation is None or not specified");
}

export function validateVolumeDevices(
  container: MountingContainer,
  volumes: ReadonlyMap<string, VolumeSource>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = { names: new Set<string>(), paths: new Set<string>() };
  for (const [i, device] of (container.volumeDevices ?? []).entries()) {
    validateDevice(device, container.volumeMounts ?? [], volumes, seen, path.index(i), errors);
  }
}

function validateDevice(
  { name, devicePath }: VolumeDevice,
  mounts: readonly VolumeMount[],
  volumes: ReadonlyMap<string, VolumeSource>,
  seen: { readonly names: Set<string>; readonly paths: Set<string> },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const namePath = path.child("name");
  const devicePathPath = path.child("devicePath");
  const volume = volumes.get(name);
  if (name === "") errors.required(namePath);
  if (seen.names.has(name)) errors.invalid(namePath, name, "must be unique");
  if (!volume) errors.notFound(namePath, name);
  else if (!volume.persistentVolumeClaim && !volume.ephemeral)
    errors.invalid(
      namePath,
      name,
      "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
    );
  if (devicePath === "") errors.required(devicePathPath);
  if (seen.paths.has(devicePath)) errors.invalid(devicePathPath, devicePath, "must be unique");
  if (hasBacksteps(devicePath)) errors.invalid(devicePathPath, devicePath, "can not contain backsteps ('..')");
  else seen.paths.add(devicePath);
  if (mounts.some((mount) => mount.name === name))
    errors.invalid(namePath, name, "must not already exist in volumeMounts");
  if (mounts.some((mount) => mount.mountPath === devicePath))
    errors.invalid(devicePathPath, devicePath, "must not already exist as a path in volumeMounts");
  if (name !== "") seen.names.add(name);
}
