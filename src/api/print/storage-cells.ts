import type { JsonValue } from "../../lib/json.ts";
import {
  age,
  asText,
  at,
  boolean,
  type Cell,
  count,
  listAt,
  name,
  NONE,
  text,
  textsAt,
  UNSET,
  valueAt,
} from "./cell.ts";
import { nameWithDefault } from "./network-cells.ts";

const SHORT_MODES: readonly (readonly [mode: string, short: string])[] = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
];

function accessModes(path: string): (object: unknown) => string {
  const read = listAt(path);
  return (object) => {
    const modes = read(object);
    return SHORT_MODES.filter(([mode]) => modes.includes(mode))
      .map(([, short]) => short)
      .join(",");
  };
}

/** The phase, unless the object is being deleted. */
function phase(path: string): Cell {
  const read = at(path);
  return (object) => (object.metadata.deletionTimestamp === undefined ? asText(read(object)) : "Terminating");
}

/** An old annotation comes before the field. */
const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const storageClassName = at("spec.storageClassName");
const classOf: Cell = (object) => object.metadata.annotations?.[CLASS_ANNOTATION] ?? asText(storageClassName(object));

const claimRef = at("spec.claimRef");
const claim: Cell = (object) => {
  const reference = claimRef(object);
  if (reference === undefined || reference === null) return "";
  return `${asText(valueAt(reference, ["namespace"]))}/${asText(valueAt(reference, ["name"]))}`;
};

const volumeModes = accessModes("spec.accessModes");

export const persistentVolume: readonly Cell[] = [
  name,
  text("spec.capacity.storage", "0"),
  (object) => volumeModes(object),
  text("spec.persistentVolumeReclaimPolicy"),
  phase("status.phase"),
  claim,
  classOf,
  text("spec.volumeAttributesClassName", UNSET),
  text("status.reason"),
  age,
  text("spec.volumeMode", UNSET),
];

const claimModes = accessModes("status.accessModes");
const volumeName = at("spec.volumeName");
const capacity = at("status.capacity.storage");
const isBound = (object: unknown): boolean => asText(volumeName(object)) !== "";

export const persistentVolumeClaim: readonly Cell[] = [
  name,
  phase("status.phase"),
  text("spec.volumeName"),
  (object) => (isBound(object) ? asText(capacity(object)) || "0" : ""),
  (object) => (isBound(object) ? claimModes(object) : ""),
  classOf,
  text("spec.volumeAttributesClassName", UNSET),
  age,
  text("spec.volumeMode", UNSET),
];

export const storageClass: readonly Cell[] = [
  nameWithDefault("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"),
  text("provisioner"),
  text("reclaimPolicy", "Delete"),
  text("volumeBindingMode", "Immediate"),
  boolean("allowVolumeExpansion"),
  age,
];

export const volumeAttributesClass: readonly Cell[] = [name, text("driverName"), age];

export const volumeAttachment: readonly Cell[] = [
  name,
  text("spec.attacher"),
  text("spec.source.persistentVolumeName"),
  text("spec.nodeName"),
  boolean("status.attached"),
  age,
];

const tokenRequests = at("spec.tokenRequests");
const lifecycleModes = listAt("spec.volumeLifecycleModes");

const audiences: Cell = (object) => {
  const requests = tokenRequests(object);
  if (!Array.isArray(requests)) return UNSET;
  return (requests as readonly JsonValue[]).map((request) => asText(valueAt(request, ["audience"]))).join(",");
};

export const csiDriver: readonly Cell[] = [
  name,
  boolean("spec.attachRequired", true),
  boolean("spec.podInfoOnMount"),
  boolean("spec.storageCapacity"),
  audiences,
  boolean("spec.requiresRepublish"),
  (object) => lifecycleModes(object).map(asText).join(",") || NONE,
  age,
];

export const csiNode: readonly Cell[] = [name, count("spec.drivers"), age];

const used = textsAt("status.used");
const hard = textsAt("status.hard");

/** `pods: 1/10`, of limits or of everything else. */
function usage(limits: boolean): Cell {
  return (object) => {
    const [inUse, allowed] = [used(object), hard(object)];
    const resources = Object.keys(allowed).sort();
    return resources
      .filter((resource) => resource.startsWith("limits.") === limits)
      .map((resource) => `${resource}: ${inUse[resource] ?? "0"}/${allowed[resource] ?? "0"}`)
      .join(", ");
  };
}

export const resourceQuota: readonly Cell[] = [name, usage(false), usage(true), age];
