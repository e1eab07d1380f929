import { quoteGo } from "../../lib/go-format.ts";
import type { KeyToPath, Volume, VolumeProjection } from "../generated/core-v1.ts";
import type { Warnings } from "./warnings.ts";

/** Files of a volume that get in each other's way: the same path, or one below the other. */

interface File {
  readonly path: string;
  /** Where the file comes from, when there are several sources. */
  readonly source: string;
}

export function warnOfOverlaps(volumes: readonly Volume[], warnings: Warnings): void {
  for (const volume of volumes) {
    for (const [kind, files] of filesOfVolume(volume)) tellOverlaps(volume.name, kind, files, warnings);
    for (const source of volume.projected?.sources ?? []) {
      if (Object.keys(source).length === 0)
        warnings.add(`volume ${quoteGo(volume.name)} (Projected) has no sources provided`);
    }
  }
}

function filesOfVolume({ configMap, secret, downwardAPI, projected }: Volume): [kind: string, files: File[]][] {
  const files: [string, File[]][] = [];
  if (configMap?.items) files.push([`ConfigMap ${quoteGo(configMap.name ?? "")}`, filesOf(configMap.items, "")]);
  if (secret?.items) files.push([`Secret ${quoteGo(secret.secretName ?? "")}`, filesOf(secret.items, "")]);
  if (downwardAPI?.items) files.push(["DownwardAPI", filesOf(downwardAPI.items, "")]);
  if (projected?.sources) files.push(["Projected", projected.sources.flatMap(filesOfSource)]);
  return files;
}

function filesOfSource(source: VolumeProjection): File[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = source;
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap ${quoteGo(configMap.name ?? "")}`);
  if (secret?.items) return filesOf(secret.items, `Secret ${quoteGo(secret.name ?? "")}`);
  if (downwardAPI?.items) return filesOf(downwardAPI.items, "DownwardAPI");
  return token ? [{ path: withoutSlashes(token.path), source: "ServiceAccountToken" }] : [];
}

function filesOf(items: readonly Pick<KeyToPath, "path">[], source: string): File[] {
  return items.map(({ path }) => ({ path: withoutSlashes(path), source }));
}

function withoutSlashes(path: string): string {
  return path.replace(/\/+$/, "");
}

function tellOverlaps(volume: string, kind: string, files: readonly File[], warnings: Warnings): void {
  const shown = ({ path, source }: File): string => (source === "" ? quoteGo(path) : `${quoteGo(path)} (${source})`);
  for (const [i, file] of files.entries()) {
    for (const other of files.slice(0, i)) {
      if (isInTheWay(file.path, other.path))
        warnings.add(`volume ${quoteGo(volume)} (${kind}): overlapping paths: ${shown(file)} with ${shown(other)}`);
    }
  }
}

function isInTheWay(a: string, b: string): boolean {
  return a !== "" && b !== "" && (`${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`));
}
