import type {
  ClusterTrustBundleProjection,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../generated/core-v1.ts";
import { validateDownwardFile, validateKeyToPath } from "./configuration-volume.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelSelector } from "./labels.ts";
import { validateFileMode, validateUnreservedPath } from "./local-path.ts";
import { pathSegmentProblems } from "./names.ts";
import { isKubernetesSigner, validateSignerName } from "./signer-name.ts";

/** Several sources in one volume. https://kubernetes.io/docs/concepts/storage/projected-volumes/ */
export function validateProjectedSource(volume: ProjectedVolumeSource, path: FieldPath, errors: FieldErrors): void {
  validateFileMode(volume.defaultMode, path.child("defaultMode"), errors);
  const files = new FileNames(path, errors);
  for (const [i, source] of (volume.sources ?? []).entries()) {
    const sourcePath = path.child("sources").index(i);
    const count = validateSources(source, files, path, sourcePath, errors);
    if (count > 1) errors.forbidden(sourcePath, "may not specify more than 1 volume type per source");
  }
}

/** The files of the volume: no two may have one name. */
class FileNames {
  readonly #seen = new Set<string>();
  readonly #path: FieldPath;
  readonly #errors: FieldErrors;

  constructor(path: FieldPath, errors: FieldErrors) {
    this.#path = path;
    this.#errors = errors;
  }

  /** @param shown what the error names: the source of the file, or the file */
  add(name: string, shown = name): void {
    if (this.#seen.has(name)) this.#errors.invalid(this.#path, shown, "conflicting duplicate paths");
    else this.#seen.add(name);
  }
}

/** Validates what the source has; gives how many kinds of source it names. */
function validateSources(
  source: VolumeProjection,
  files: FileNames,
  volumePath: FieldPath,
  path: FieldPath,
  errors: FieldErrors,
): number {
  let count = 0;
  for (const name of ["secret", "configMap"] as const) {
    const named = source[name];
    if (!named) continue;
    count++;
    if (!named.name) errors.required(path.child(name).child("name"));
    validateItems(named.items ?? [], named.name ?? "", files, path.child(name), errors);
  }
  if (source.downwardAPI) {
    count++;
    for (const file of source.downwardAPI.items ?? []) {
      validateDownwardFile(file, path.child("downwardAPI"), errors);
      if (file.path !== "") files.add(file.path);
    }
  }
  if (source.serviceAccountToken) {
    count++;
    validateToken(source.serviceAccountToken, volumePath, path.child("serviceAccountToken"), errors);
  }
  if (source.clusterTrustBundle) {
    count++;
    validateTrustBundle(source.clusterTrustBundle, path.child("clusterTrustBundle"), errors);
    files.add(source.clusterTrustBundle.path);
  }
  if (source.podCertificate) {
    count++;
    validateCertificate(source.podCertificate, files, path.child("podCertificate"), errors);
  }
  return count;
}

function validateItems(
  items: readonly KeyToPath[],
  source: string,
  files: FileNames,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, item] of items.entries()) {
    validateKeyToPath(item, path.child("items").index(i), errors);
    if (item.path !== "") files.add(item.path, source);
  }
}

function validateToken(
  token: ServiceAccountTokenProjection,
  volumePath: FieldPath,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seconds = token.expirationSeconds ?? 0;
  if (seconds < 10 * 60)
    errors.invalid(path.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
  if (seconds > 2 ** 32)
    errors.invalid(path.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
  if (token.path === "") errors.required(volumePath.child("path"));
  else validateUnreservedPath(token.path, volumePath.child("path"), errors);
}

function validateTrustBundle(bundle: ClusterTrustBundleProjection, path: FieldPath, errors: FieldErrors): void {
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined)
    errors.invalid(path, bundle, "only one of name and signerName may be used");
  else if (name !== undefined) {
    if (name === "") errors.required(path.child("name"), "must be a valid object name");
    for (const problem of pathSegmentProblems(name))
      errors.invalid(path.child("name"), name, `not a valid clustertrustbundlename: ${problem}`);
    if (labelSelector)
      errors.invalid(path.child("labelSelector"), labelSelector, "labelSelector must be unset if name is specified");
  } else if (signerName !== undefined) {
    if (signerName === "") errors.required(path.child("signerName"), "must be a valid signer name");
    validateSignerName(signerName, path.child("signerName"), errors);
    validateLabelSelector(labelSelector, path.child("labelSelector"), errors);
  } else errors.required(path, "either name or signerName must be specified");
  if (bundle.path === "") errors.required(path.child("path"));
  validateUnreservedPath(bundle.path, path.child("path"), errors);
}

const KEY_TYPES = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
const HOUR = 3600;
const DAY = 24 * HOUR;

function validateCertificate(
  certificate: PodCertificateProjection,
  files: FileNames,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const signer = certificate.signerName ?? "";
  validateSignerName(signer, path.child("signerName"), errors);
  const keyType = certificate.keyType ?? "";
  if (!KEY_TYPES.includes(keyType)) errors.notSupported(path.child("keyType"), keyType, KEY_TYPES);
  const seconds = certificate.maxExpirationSeconds;
  const longest = isKubernetesSigner(signer) ? DAY : 91 * DAY;
  const secondsPath = path.child("maxExpirationSeconds");
  if (seconds !== undefined && seconds < HOUR)
    errors.invalid(secondsPath, seconds, "if provided, maxExpirationSeconds must be >= 3600");
  if (seconds !== undefined && seconds > longest)
    errors.invalid(secondsPath, seconds, `if provided, maxExpirationSeconds must be <= ${longest}`);
  let paths = 0;
  for (const name of ["credentialBundlePath", "keyPath", "certificateChainPath"] as const) {
    const file = certificate[name] ?? "";
    if (file === "") continue;
    paths++;
    validateUnreservedPath(file, path.child(name), errors);
    files.add(file);
  }
  if (paths === 0)
    errors.required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
}
