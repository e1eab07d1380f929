import { quoteGo } from "../../lib/go-format.ts";
import { compareQuantities, parseQuantity } from "../../lib/quantity.ts";
import type { Volume, VolumeSource } from "../generated/core-v1.ts";
import type { ObjectMeta } from "../generated/meta-v1.ts";
import { validateConfigMapSource, validateDownwardSource, validateSecretSource } from "./configuration-volume.ts";
import { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateDescendingPath, validateNoBacksteps } from "./local-path.ts";
import {
  validateAzureDisk,
  validateCsi,
  validateFibreChannel,
  validateFlexVolume,
  validateFlocker,
  validateIscsi,
  validateNfs,
  validatePartition,
  validateQuobyte,
  validateStorageOs,
} from "./network-volume.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { validateClaimTemplate } from "./persistent-volume-claim.ts";
import { validateProjectedSource } from "./projected-volume.ts";
import { validatePullPolicy } from "./pull-policy.ts";
import { ZERO } from "./resource-name.ts";

/** Volumes of pods. https://kubernetes.io/docs/concepts/storage/volumes/ */

export interface VolumeContext {
  /** Of the pod, when it is one and not a template. */
  readonly meta: ObjectMeta | undefined;
}

/** Validates the volumes; gives the good ones by name. */
export function validateVolumes(
  volumes: readonly Volume[],
  context: VolumeContext,
  path: FieldPath,
  errors: FieldErrors,
): ReadonlyMap<string, VolumeSource> {
  const good = new Map<string, VolumeSource>();
  const created = new Set(
    context.meta?.name ? volumes.filter((v) => v.ephemeral).map((v) => `${context.meta?.name}-${v.name}`) : [],
  );
  for (const [i, volume] of volumes.entries()) {
    const volumePath = path.index(i);
    const found = new FieldErrors();
    validateSource(volume, context, volumePath, found);
    if (volume.name === "") found.required(volumePath.child("name"));
    else found.invalidAll(volumePath.child("name"), volume.name, labelProblems(volume.name));
    if (good.has(volume.name)) found.duplicate(volumePath.child("name"), volume.name);
    if (found.none) good.set(volume.name, volume);
    else errors.addAll(found);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim))
      errors.invalid(
        volumePath.child("persistentVolumeClaim").child("claimName"),
        claim,
        "must not reference a PVC that gets created for an ephemeral volume",
      );
  }
  return good;
}

type SourceName = Exclude<keyof VolumeSource, "emptyDir">;
type Check<K extends keyof VolumeSource> = (
  source: NonNullable<VolumeSource[K]>,
  path: FieldPath,
  errors: FieldErrors,
  volume: Volume,
  context: VolumeContext,
  volumePath: FieldPath,
) => void;

interface Row<K extends SourceName> {
  readonly name: K;
  readonly check: Check<K>;
  /** Where Kubernetes looks for the fields of the source, when that is not its name. */
  readonly path?: string;
  /** Where it complains that there is a source already. */
  readonly extraPath?: string;
}

const row = <K extends SourceName>(
  name: K,
  check: Check<K>,
  paths: Pick<Row<K>, "path" | "extraPath"> = {},
): ((volume: Volume, context: VolumeContext, path: FieldPath, sources: number, errors: FieldErrors) => number) => {
  return (volume, context, path, sources, errors) => {
    const source = volume[name];
    if (source === undefined || source === null) return sources;
    if (sources > 0) {
      errors.forbidden(path.child(paths.extraPath ?? name), "may not specify more than 1 volume type");
      return sources;
    }
    check(source as NonNullable<VolumeSource[K]>, path.child(paths.path ?? name), errors, volume, context, path);
    return sources + 1;
  };
};

/** The fields that must not be empty. */
function needs<T extends object>(
  ...names: readonly (keyof T & string)[]
): (source: T, path: FieldPath, errors: FieldErrors) => void {
  return (source, path, errors) => {
    for (const name of names) {
      const value: unknown = source[name];
      if (value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0))
        errors.required(path.child(name));
    }
  };
}

/** In the order in which Kubernetes looks: of two sources the later one is too many. */
const SOURCES = [
  row("hostPath", validateHostPath),
  row("gitRepo", (git, path, errors) => {
    if (!git.repository) errors.required(path.child("repository"));
    validateDescendingPath(git.directory ?? "", path.child("directory"), errors);
  }),
  row(
    "gcePersistentDisk",
    (disk, path, errors) => {
      if (!disk.pdName) errors.required(path.child("pdName"));
      validatePartition(disk.partition, path, errors);
    },
    { path: "persistentDisk" },
  ),
  row("awsElasticBlockStore", (disk, path, errors) => {
    if (!disk.volumeID) errors.required(path.child("volumeID"));
    validatePartition(disk.partition, path, errors);
  }),
  row("secret", validateSecretSource),
  row("nfs", validateNfs),
  row("iscsi", (iscsi, path, errors, volume) => validateIscsi(iscsi, path, errors, volume.name)),
  row("glusterfs", needs("endpoints", "path")),
  row("flocker", validateFlocker),
  row("persistentVolumeClaim", needs("claimName")),
  row("rbd", needs("monitors", "image")),
  row("cinder", (cinder, path, errors) => {
    if (!cinder.volumeID) errors.required(path.child("volumeID"));
    if (cinder.secretRef && !cinder.secretRef.name) errors.required(path.child("secretRef").child("name"));
  }),
  row("cephfs", needs("monitors"), { extraPath: "cephFS" }),
  row("quobyte", validateQuobyte),
  row("downwardAPI", validateDownwardSource, { extraPath: "downwarAPI" }),
  row("fc", validateFibreChannel),
  row("flexVolume", validateFlexVolume),
  row("configMap", validateConfigMapSource),
  row("azureFile", needs("secretName", "shareName")),
  row("vsphereVolume", needs("volumePath")),
  row("photonPersistentDisk", needs("pdID")),
  row("portworxVolume", needs("volumeID")),
  row("azureDisk", validateAzureDisk),
  row("storageos", validateStorageOs),
  row("projected", validateProjectedSource),
  row("scaleIO", needs("gateway", "system", "volumeName")),
  row("csi", validateCsi),
  row("ephemeral", (ephemeral, path, errors, volume, { meta }, volumePath) => {
    const template = ephemeral.volumeClaimTemplate;
    if (template) validateClaimTemplate(template, path.child("volumeClaimTemplate"), errors);
    else errors.required(path.child("volumeClaimTemplate"));
    if (!meta?.name || volume.name === "") return;
    const claim = `${meta.name}-${volume.name}`;
    for (const problem of subdomainProblems(claim))
      errors.invalid(volumePath.child("name"), volume.name, `PVC name ${quoteGo(claim)}: ${problem}`);
  }),
  row("image", (image, path, errors, _volume, { meta }) => {
    if (meta && !image.reference) errors.required(path.child("reference"));
    validatePullPolicy(image.pullPolicy, path.child("pullPolicy"), errors);
  }),
] as const;

function validateSource(volume: Volume, context: VolumeContext, path: FieldPath, errors: FieldErrors): void {
  let sources = 0;
  if (volume.emptyDir) {
    sources++;
    const { sizeLimit } = volume.emptyDir;
    if (sizeLimit !== undefined && compareQuantities(parseQuantity(sizeLimit), ZERO) < 0)
      errors.forbidden(path.child("emptyDir").child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
  }
  for (const check of SOURCES) sources = check(volume, context, path, sources, errors);
  if (sources === 0) errors.required(path, "must specify a volume type");
}

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

export function validateHostPath(
  source: { readonly path: string; readonly type?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (source.path === "") return errors.required(path.child("path"));
  validateNoBacksteps(source.path, path.child("path"), errors);
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type))
    errors.notSupported(path.child("type"), source.type, HOST_PATH_TYPES);
}
