import type {
  ConfigMapProjection,
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  SecretProjection,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from "../../api/generated/core-v1.ts";
import type { PodSources } from "./environment.ts";
import { type PodPlace, podField, resourceField } from "./pod-fields.ts";

/** A file of a volume. */
export interface VolumeFile {
  readonly content: string;
  readonly encoding: "utf8" | "base64";
  readonly mode: number;
}

/** Paths relative to the volume. */
export type VolumeFiles = Readonly<Record<string, VolumeFile>>;

/** A volume that cannot be set up yet; the message is the kubelet's. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

export interface VolumeView extends PodPlace {
  readonly pod: Pod;
  readonly sources: PodSources;
  /** The service account token for a projection; asked for beforehand by `tokenProjections`. */
  readonly token: (projection: ServiceAccountTokenProjection) => string;
}

const DEFAULT_MODE = 0o644;

/** What is in a volume that comes from the API; undefined for a volume of another sort. Throws VolumeError. */
export function volumeFiles(volume: Volume, view: VolumeView): VolumeFiles | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return configMapFiles(configMap, view, configMap.defaultMode ?? DEFAULT_MODE);
  if (secret) return secretFiles(secret, view, secret.defaultMode ?? DEFAULT_MODE);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], view, downwardAPI.defaultMode ?? DEFAULT_MODE);
  if (!projected) return undefined;
  const mode = projected.defaultMode ?? DEFAULT_MODE;
  return Object.assign(
    {},
    ...(projected.sources ?? []).map((source) => projectedFiles(source, view, mode)),
  ) as VolumeFiles;
}

/** The service account tokens that a pod's volumes hold. */
export function tokenProjections({ spec }: Pod): readonly ServiceAccountTokenProjection[] {
  return (spec.volumes ?? []).flatMap(({ projected }) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => (serviceAccountToken ? [serviceAccountToken] : [])),
  );
}

function projectedFiles(source: VolumeProjection, view: VolumeView, mode: number): VolumeFiles {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap) return configMapFiles(configMap, view, mode);
  if (secret) return secretFiles({ ...secret, secretName: secret.name ?? "" }, view, mode);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], view, mode);
  if (serviceAccountToken) {
    return { [serviceAccountToken.path]: { content: view.token(serviceAccountToken), encoding: "utf8", mode } };
  }
  throw new VolumeError(`projected volume source ${Object.keys(source).join(", ")} is not supported`);
}

function configMapFiles(
  source: ConfigMapVolumeSource | ConfigMapProjection,
  { sources }: VolumeView,
  mode: number,
): VolumeFiles {
  const name = source.name ?? "";
  const object = sources.configMap(name);
  if (!object && !source.optional) throw new VolumeError(`configmap ${JSON.stringify(name)} not found`);
  const all: Record<string, Omit<VolumeFile, "mode">> = {};
  for (const [key, content] of Object.entries(object?.data ?? {})) all[key] = { content, encoding: "utf8" };
  for (const [key, content] of Object.entries(object?.binaryData ?? {})) all[key] = { content, encoding: "base64" };
  return pick(all, source.items, mode, source.optional ?? false, "configmap references non-existent config key");
}

function secretFiles(
  source: Pick<SecretVolumeSource, "secretName" | "items" | "optional"> | (SecretProjection & { secretName: string }),
  { sources }: VolumeView,
  mode: number,
): VolumeFiles {
  const name = source.secretName ?? "";
  const object = sources.secret(name);
  if (!object && !source.optional) throw new VolumeError(`secret ${JSON.stringify(name)} not found`);
  const all = Object.fromEntries(
    Object.entries(object?.data ?? {}).map(([key, content]) => [key, { content, encoding: "base64" as const }]),
  );
  return pick(all, source.items, mode, source.optional ?? false, "references non-existent secret key");
}

/** All keys, or those that `items` names, under the paths that it gives them. */
function pick(
  all: Readonly<Record<string, Omit<VolumeFile, "mode">>>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  missing: string,
): VolumeFiles {
  if (!items?.length) return Object.fromEntries(Object.entries(all).map(([key, file]) => [key, { ...file, mode }]));
  const files: Record<string, VolumeFile> = {};
  for (const item of items) {
    const file = all[item.key];
    if (file) files[item.path] = { ...file, mode: item.mode ?? mode };
    else if (!optional) throw new VolumeError(`${missing}: ${item.key}`);
  }
  return files;
}

function downwardFiles(items: readonly DownwardAPIVolumeFile[], view: VolumeView, mode: number): VolumeFiles {
  const files: Record<string, VolumeFile> = {};
  for (const item of items)
    files[item.path] = { content: downwardValue(item, view), encoding: "utf8", mode: item.mode ?? mode };
  return files;
}

function downwardValue({ path, fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, view: VolumeView): string {
  const { pod } = view;
  const [first] = pod.spec.containers;
  const value = fieldRef
    ? podField(pod, view, fieldRef.fieldPath)
    : resourceFieldRef && first && resourceField(pod, first, view, resourceFieldRef);
  if (value === undefined) throw new VolumeError(`downwardAPI file ${path}: unsupported field`);
  return value;
}
