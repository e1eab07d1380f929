import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  Container,
  HostPathVolumeSource,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Volume,
  VolumeMount,
} from "../../api/generated/core-v1.ts";
import { expand } from "../../plan/node/expansion.ts";
import { VolumeError, type VolumeView, volumeFiles } from "../../plan/node/volume-files.ts";
import { MergedTree } from "../images/merged-tree.ts";
import { removeTree } from "../process/remove-tree.ts";
import type { Mount } from "../runtime.ts";
import { writeAtomically } from "./atomic-directory.ts";

export interface PodVolumesOptions {
  /** `pods` and `volumes` of the home. */
  readonly podsDir: string;
  readonly volumesDir: string;
  readonly claim: (namespace: string, name: string) => PersistentVolumeClaim | undefined;
  readonly persistentVolume: (name: string) => PersistentVolume | undefined;
}

/** The volumes of pods, as directories of this machine. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /**
   * Makes every volume of the pod, or brings those that come from the API up to date. Throws VolumeError with the
   * kubelet's text for the first that cannot be made. `stamp` is new each time.
   */
  setUp(view: VolumeView, stamp: string): void {
    for (const volume of view.pod.spec.volumes ?? []) {
      try {
        this.#setUpOne(volume, view, stamp);
      } catch (error) {
        throw new VolumeError(
          `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
  }

  /** Where the container's volumes are and go. `env` is for `subPathExpr`. */
  mountsOf(pod: Pod, container: Container, env: Readonly<Record<string, string>>): readonly Mount[] {
    return (container.volumeMounts ?? []).map((mount) => ({
      source: this.#sourceOf(pod, mount, env),
      target: mount.mountPath,
      readOnly: mount.readOnly ?? isAlwaysReadOnly(pod.spec.volumes?.find(({ name }) => name === mount.name)),
    }));
  }

  /** Frees what only the pod used; claims and the machine's own directories stay. */
  tearDown(podUid: string): void {
    removeTree(join(this.#options.podsDir, podUid, "volumes"));
  }

  #setUpOne(volume: Volume, view: VolumeView, stamp: string): void {
    const files = volumeFiles(volume, view);
    const dir = this.#directoryOf(view.pod, volume);
    const group = view.pod.spec.securityContext?.fsGroup;
    if (files) {
      const changed = writeAtomically(dir, files, stamp);
      if (changed && group !== undefined) shareWithGroup(dir, group, true);
    } else if (volume.hostPath) prepareHostPath(volume.hostPath);
    else if (volume.emptyDir || volume.persistentVolumeClaim) {
      if (mkdirSync(dir, { recursive: true }) !== undefined) chmodSync(dir, 0o777);
      if (group !== undefined) shareWithGroup(dir, group, false);
    } else
      throw new VolumeError(
        `no volume plugin matched: ${Object.keys(volume)
          .filter((key) => key !== "name")
          .join(", ")}`,
      );
  }

  #directoryOf(pod: Pod, { name, hostPath, persistentVolumeClaim }: Volume): string {
    if (hostPath) return hostPath.path;
    if (persistentVolumeClaim) return this.#claimDirectory(pod, persistentVolumeClaim.claimName);
    return join(this.#options.podsDir, pod.metadata.uid, "volumes", name);
  }

  /**
   * A claim's volume is where its PersistentVolume says, else a directory of its own that lives as long as the claim.
   */
  #claimDirectory({ metadata: { namespace = "" } }: Pod, name: string): string {
    const claim = this.#options.claim(namespace, name);
    if (!claim) throw new VolumeError(`persistentvolumeclaim ${JSON.stringify(name)} not found`);
    const volume =
      claim.spec?.volumeName === undefined ? undefined : this.#options.persistentVolume(claim.spec.volumeName);
    return (
      volume?.spec?.hostPath?.path ?? volume?.spec?.local?.path ?? join(this.#options.volumesDir, claim.metadata.uid)
    );
  }

  #sourceOf(pod: Pod, mount: VolumeMount, env: Readonly<Record<string, string>>): string {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
    if (!volume) throw new VolumeError(`volume ${mount.name} is not one of the pod's`);
    const dir = this.#directoryOf(pod, volume);
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, (name) => env[name]) : mount.subPath;
    if (!subPath) return dir;
    if (subPath.startsWith("/") || subPath.split("/").includes(".."))
      throw new VolumeError(`subPath ${JSON.stringify(subPath)} must be a path inside the volume`);
    // Links are followed inside the volume only.
    const place = join(dir, new MergedTree([dir]).resolve(subPath));
    if (!lstatSync(place, { throwIfNoEntry: false })) mkdirSync(place, { recursive: true });
    return place;
  }
}

function isAlwaysReadOnly(volume: Volume | undefined): boolean {
  return (
    volume !== undefined && (volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected) !== undefined
  );
}

type Check = readonly [what: string, holds: (stat: Stats | undefined) => boolean | undefined];
const DIRECTORY: Check = ["directory", (stat) => stat?.isDirectory()];
const FILE: Check = ["file", (stat) => stat?.isFile()];
const HOST_PATH_CHECKS: Readonly<Record<string, Check>> = {
  Directory: DIRECTORY,
  DirectoryOrCreate: DIRECTORY,
  File: FILE,
  FileOrCreate: FILE,
  Socket: ["socket file", (stat) => stat?.isSocket()],
  CharDevice: ["character device", (stat) => stat?.isCharacterDevice()],
  BlockDevice: ["block device", (stat) => stat?.isBlockDevice()],
};

/** Checks what `type` promises. https://kubernetes.io/docs/concepts/storage/volumes/#hostpath */
function prepareHostPath({ path, type = "" }: HostPathVolumeSource): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat && (type === "" || type === "DirectoryOrCreate")) mkdirSync(path, { recursive: true });
  else if (!stat && type === "FileOrCreate") writeFileSync(path, "");
  else {
    const check = HOST_PATH_CHECKS[type];
    if (check && !check[1](stat)) throw new VolumeError(`hostPath type check failed: ${path} is not a ${check[0]}`);
  }
}

/** fsGroup: the volume's files belong to the group, which may read (and write) them. Only root can do that. */
function shareWithGroup(path: string, group: number, readOnly: boolean): void {
  if (process.getuid?.() !== 0) return;
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chownSync(path, -1, group);
  chmodSync(path, (stat.mode & 0o7777) | (readOnly ? 0o440 : 0o660) | (stat.isDirectory() ? 0o2110 : 0));
  if (stat.isDirectory()) for (const name of readdirSync(path)) shareWithGroup(join(path, name), group, readOnly);
}
