import { compareQuantities, parseQuantity, scaledValue } from "../../lib/quantity.ts";
import type {
  CSIPersistentVolumeSource,
  PersistentVolume,
  PersistentVolumeSource,
  PersistentVolumeSpec,
} from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { goMap } from "./labels.ts";
import { validateNoBacksteps } from "./local-path.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { validateCsiDriverName, validateNfs } from "./network-volume.ts";
import { validateNodeSelector } from "./node-selector.ts";
import { validateAccessModes, VOLUME_MODES } from "./persistent-volume-claim.ts";
import { ZERO } from "./resource-name.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import { specDiff } from "./spec-diff.ts";
import { validateHostPath } from "./volume.ts";

/** https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */

const SPEC = FieldPath.of("spec");
const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];

/** In the order in which Kubernetes looks for them. Those of drivers that have left Kubernetes are counted only. */
const SOURCES = [
  "hostPath",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "flocker",
  "nfs",
  "rbd",
  "quobyte",
  "cephfs",
  "iscsi",
  "cinder",
  "fc",
  "flexVolume",
  "azureFile",
  "vsphereVolume",
  "photonPersistentDisk",
  "portworxVolume",
  "azureDisk",
  "scaleIO",
  "local",
  "storageos",
  "csi",
] as const satisfies readonly (keyof PersistentVolumeSource)[];

export function validatePersistentVolume({ spec }: PersistentVolume, errors: FieldErrors): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.required(SPEC.child("accessModes"));
  validateAccessModes(modes, SPEC.child("accessModes"), errors);
  validateCapacity(spec.capacity ?? {}, SPEC.child("capacity"), errors);
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy) errors.oneOf(SPEC.child("persistentVolumeReclaimPolicy"), policy, RECLAIM_POLICIES);
  const { nodeAffinity } = spec;
  const affinityPath = SPEC.child("nodeAffinity").child("required");
  if (nodeAffinity?.required) validateNodeSelector(nodeAffinity.required, affinityPath, errors);
  else if (nodeAffinity) errors.required(affinityPath, "must specify required node constraints");
  validateSources(spec, errors);
  validateClasses(spec, errors);
}

function validateCapacity(capacity: Readonly<Record<string, string>>, path: FieldPath, errors: FieldErrors): void {
  const names = Object.keys(capacity);
  if (names.length === 0) errors.required(path);
  if (names.length !== 1 || names[0] !== "storage")
    errors.notSupported(path, names.length === 0 ? null : goMap(capacity), ["storage"]);
  for (const [name, text] of Object.entries(capacity)) {
    const amount = parseQuantity(text);
    const whole = scaledValue(amount);
    if (whole < 0n) errors.invalid(path.key(name), Number(whole), "must be a valid resource quantity");
    if (compareQuantities(amount, ZERO) <= 0) errors.invalid(path.key(name), text, "must be greater than zero");
  }
}

function validateSources(spec: PersistentVolumeSpec, errors: FieldErrors): void {
  const [first, ...others] = SOURCES.filter((name) => spec[name]);
  if (first === undefined) errors.required(SPEC, "must specify a volume type");
  else validateSource(spec, first, SPEC.child(first), errors);
  for (const name of others)
    errors.forbidden(SPEC.child(name === "cephfs" ? "cephFS" : name), "may not specify more than 1 volume type");
  const isRoot = /^\/+(\.\/*)*$/.test(spec.hostPath?.path ?? "");
  if (isRoot && spec.persistentVolumeReclaimPolicy === "Recycle") {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.forbidden(SPEC.child("persistentVolumeReclaimPolicy"), why);
  }
}

function validateSource(
  spec: PersistentVolumeSpec,
  name: (typeof SOURCES)[number],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { hostPath, nfs, local, csi } = spec;
  if (name === "hostPath" && hostPath) validateHostPath(hostPath, path, errors);
  else if (name === "nfs" && nfs) validateNfs(nfs, path, errors);
  else if (name === "csi" && csi) validateCsiSource(csi, path, errors);
  else if (name === "local" && local) {
    if (local.path === "") errors.required(path.child("path"));
    else validateNoBacksteps(local.path, path.child("path"), errors);
    if (!spec.nodeAffinity) errors.required(SPEC.child("nodeAffinity"), "Local volume requires node affinity");
  }
}

function validateCsiSource(csi: CSIPersistentVolumeSource, path: FieldPath, errors: FieldErrors): void {
  validateCsiDriverName(csi.driver, path.child("driver"), errors);
  if (csi.volumeHandle === "") errors.required(path.child("volumeHandle"));
  for (const name of [
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
  ] as const) {
    const secret = csi[name];
    if (!secret) continue;
    const rules = { name: subdomainProblems, namespace: labelProblems };
    for (const part of ["name", "namespace"] as const) {
      const partPath = path.child(name).child(part);
      const value = secret[part] ?? "";
      if (value === "") errors.required(partPath);
      else errors.invalidAll(partPath, value, rules[part](value));
    }
  }
}

function validateClasses(spec: PersistentVolumeSpec, errors: FieldErrors): void {
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec;
  if (storageClassName)
    errors.invalidAll(SPEC.child("storageClassName"), storageClassName, subdomainProblems(storageClassName));
  errors.oneOf(SPEC.child("volumeMode"), volumeMode, VOLUME_MODES);
  if (attributes === undefined) return;
  const path = SPEC.child("volumeAttributesClassName");
  if (attributes === "") errors.required(path, "an empty string is disallowed");
  else errors.invalidAll(path, attributes, subdomainProblems(attributes));
  if (!spec.csi) errors.required(SPEC.child("csi"), "has to be specified when using volumeAttributesClassName");
}

export function validatePersistentVolumeUpdate(
  volume: PersistentVolume,
  old: PersistentVolume,
  errors: FieldErrors,
): void {
  validatePersistentVolume(volume, errors);
  const { spec } = volume;
  const source = sourceOf(spec, old.spec);
  const before = sourceOf(old.spec, old.spec);
  if (!isDeepEqual(source, before)) {
    const diff = specDiff("PersistentVolumeSource", before, source);
    const why = `spec.persistentvolumesource is immutable after creation\n${diff}`;
    errors.forbidden(SPEC.child("persistentvolumesource"), why);
  }
  if (spec.volumeMode !== old.spec.volumeMode) errors.immutable(FieldPath.of("volumeMode"), spec.volumeMode ?? null);
  if (old.spec.nodeAffinity && !isDeepEqual(spec.nodeAffinity, old.spec.nodeAffinity)) {
    const why = "field is immutable, except for updating from beta label to GA";
    const shown = spec.nodeAffinity ? internalForm("VolumeNodeAffinity", spec.nodeAffinity) : null;
    errors.invalid(FieldPath.of("nodeAffinity"), shown, why);
  }
  if (old.spec.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.forbidden(SPEC.child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden");
}

/** The secret for growing a volume can be added later. */
function sourceOf(spec: PersistentVolumeSpec, old: PersistentVolumeSpec): PersistentVolumeSource {
  const source = Object.fromEntries(SOURCES.flatMap((name) => (spec[name] ? [[name, spec[name]]] : [])));
  if (!spec.csi || !old.csi || old.csi.controllerExpandSecretRef) return source;
  const { controllerExpandSecretRef: _added, ...csi } = spec.csi;
  return { ...source, csi };
}
