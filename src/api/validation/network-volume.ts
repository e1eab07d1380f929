import { byteLength } from "../../lib/byte-length.ts";
import type {
  AzureDiskVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { betweenInclusive, labelProblems, subdomainProblems } from "./names.ts";

/** Volumes that live elsewhere. */

export function validatePartition(partition: number | undefined, path: FieldPath, errors: FieldErrors): void {
  const value = partition ?? 0;
  if (value < 0 || value > 255) errors.invalid(path.child("partition"), value, betweenInclusive(1, 255));
}

export function validateNfs(nfs: NFSVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (!nfs.server) errors.required(path.child("server"));
  if (!nfs.path) errors.required(path.child("path"));
  if (!nfs.path.startsWith("/")) errors.invalid(path.child("path"), nfs.path, "must be an absolute path");
}

const QUALIFIED_NAMES: readonly (readonly [string, RegExp])[] = [
  ["iqn", /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ["eui", /^eui.[a-zA-Z0-9]{16}$/],
  ["naa", /^naa.[a-zA-Z0-9]{32}$/],
];
const MAX_ISCSI_NAME = 64;

export function validateIscsi(iscsi: ISCSIVolumeSource, path: FieldPath, errors: FieldErrors, volume: string): void {
  if (!iscsi.targetPortal) errors.required(path.child("targetPortal"));
  if (!iscsi.iqn) errors.required(path.child("iqn"));
  else validateIscsiName(iscsi.iqn, path.child("iqn"), errors);
  validateLun(iscsi.lun, path, errors);
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && !iscsi.secretRef) errors.required(path.child("secretRef"));
  if (iscsi.initiatorName === undefined) return;
  validateIscsiName(iscsi.initiatorName, path.child("initiatorname"), errors);
  if (byteLength(`${volume}:${iscsi.targetPortal}`) > MAX_ISCSI_NAME)
    errors.invalid(
      path.child("name"),
      volume,
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.",
    );
}

/** An iSCSI qualified name (RFC 3720, section 3.2.6). */
function validateIscsiName(name: string, path: FieldPath, errors: FieldErrors): void {
  const form = QUALIFIED_NAMES.find(([prefix]) => name.startsWith(prefix));
  if (!form) errors.invalid(path, name, "must be valid format starting with iqn, eui, or naa");
  else if (!form[1].test(name)) errors.invalid(path, name, "must be valid format");
}

function validateLun(lun: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (lun !== undefined && (lun < 0 || lun > 255)) errors.invalid(path.child("lun"), lun, betweenInclusive(0, 255));
}

export function validateFibreChannel(fc: FCVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const { targetWWNs: names = [], wwids: ids = [] } = fc;
  const namesPath = path.child("targetWWNs");
  if (names.length === 0 && ids.length === 0)
    errors.required(namesPath, "must specify either targetWWNs or wwids, but not both");
  if (names.length > 0 && ids.length > 0)
    errors.invalid(namesPath, names, "targetWWNs and wwids can not be specified simultaneously");
  if (names.length === 0) return;
  if (fc.lun === undefined) errors.required(path.child("lun"), "lun is required if targetWWNs is specified");
  else validateLun(fc.lun, path, errors);
}

export function validateFlocker(flocker: FlockerVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const { datasetName = "", datasetUUID = "" } = flocker;
  if (datasetName === "" && datasetUUID === "") errors.required(path, "one of datasetName and datasetUUID is required");
  if (datasetName !== "" && datasetUUID !== "")
    errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
  if (datasetName.includes("/")) errors.invalid(path.child("datasetName"), datasetName, "must not contain '/'");
}

const REGISTRIES = "must be a host:port pair or multiple pairs separated by commas";

export function validateQuobyte(quobyte: QuobyteVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const registry = path.child("registry");
  if (!quobyte.registry) errors.required(registry, REGISTRIES);
  else if (byteLength(quobyte.tenant ?? "") > 64)
    errors.required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
  else {
    for (const pair of quobyte.registry.split(",")) {
      if (!/^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair)) errors.invalid(registry, quobyte.registry, REGISTRIES);
    }
  }
  if (!quobyte.volume) errors.required(path.child("volume"));
}

export function validateFlexVolume(flex: FlexVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (!flex.driver) errors.required(path.child("driver"));
  for (const option of Object.keys(flex.options ?? {})) {
    const domain = `.${option.split("/", 1)[0]?.toLowerCase()}`;
    if (domain.endsWith(".kubernetes.io") || domain.endsWith(".k8s.io"))
      errors.invalid(path.child("options").key(option), option, "kubernetes.io and k8s.io namespaces are reserved");
  }
}

const CACHING_MODES = ["None", "ReadOnly", "ReadWrite"];
const DISK_KINDS = ["Dedicated", "Managed", "Shared"];
const MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

export function validateAzureDisk(disk: AzureDiskVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (!disk.diskName) errors.required(path.child("diskName"));
  if (!disk.diskURI) errors.required(path.child("diskURI"));
  const { cachingMode, kind } = disk;
  if (cachingMode !== undefined && !CACHING_MODES.includes(cachingMode))
    errors.notSupported(path.child("cachingMode"), cachingMode, CACHING_MODES);
  if (kind === undefined) return;
  if (!DISK_KINDS.includes(kind)) errors.notSupported(path.child("kind"), kind, DISK_KINDS);
  const [prefix, form] = kind === "Managed" ? ["/subscriptions/", MANAGED_DISK] : ["https://", BLOB_DISK];
  if (!disk.diskURI.startsWith(prefix)) errors.notSupported(path.child("diskURI"), disk.diskURI, [form]);
}

export function validateStorageOs(storage: StorageOSVolumeSource, path: FieldPath, errors: FieldErrors): void {
  const { volumeName = "", volumeNamespace = "", secretRef } = storage;
  if (volumeName === "") errors.required(path.child("volumeName"));
  else errors.invalidAll(path.child("volumeName"), volumeName, labelProblems(volumeName));
  if (volumeNamespace !== "")
    errors.invalidAll(path.child("volumeNamespace"), volumeNamespace, labelProblems(volumeNamespace));
  if (secretRef && !secretRef.name) errors.required(path.child("secretRef").child("name"));
}

const MAX_DRIVER_NAME = 63;

export function validateCsi(csi: CSIVolumeSource, path: FieldPath, errors: FieldErrors): void {
  validateCsiDriverName(csi.driver, path.child("driver"), errors);
  const secret = csi.nodePublishSecretRef;
  if (!secret) return;
  if (!secret.name) errors.required(path.child("nodePublishSecretRef").child("name"));
  else errors.invalidAll(path.child("name"), secret.name, subdomainProblems(secret.name));
}

export function validateCsiDriverName(driver: string, path: FieldPath, errors: FieldErrors): void {
  if (driver === "") return errors.required(path);
  if (byteLength(driver) > MAX_DRIVER_NAME) errors.tooLong(path, MAX_DRIVER_NAME);
  errors.invalidAll(path, driver, subdomainProblems(driver.toLowerCase()));
}
