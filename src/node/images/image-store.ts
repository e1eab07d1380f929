import { existsSync, readdirSync, watch } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../lib/app-error.ts";
import {
  familiarImageName,
  formatImageReference,
  parseImageReference,
  repositoryOf,
} from "../../lib/image-reference.ts";
import { nearNames } from "../../lib/near-name.ts";
import { describe, readArchive, writeArchive } from "./archive.ts";
import { type BaseImage, type BuildOptions, buildImage, withIngest } from "./build.ts";
import { hexOf, ImageLayout } from "./image-layout.ts";
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  NAME_ANNOTATION,
  type RunConfig,
} from "./image-spec.ts";
import { unpackLayers } from "./unpack.ts";

/** An image of the local store. */
export interface StoredImage {
  /** Digest of the configuration, `sha256:…`: what `docker images` calls IMAGE ID. */
  readonly id: string;
  /** Digest of the manifest: what `name@sha256:…` means. */
  readonly digest: string;
  /** Full names, `docker.io/library/nginx:1`. */
  readonly names: readonly string[];
  /** Bytes of all layers. */
  readonly size: number;
  readonly config: RunConfig;
  /** When it was made, RFC 3339; images built here always say the epoch. */
  readonly created?: string;
}

/** The images of one home. All methods may be used by several processes at once. */
export class ImageStore {
  readonly #layout: ImageLayout;

  /** `dir`: the directory `images` of a home; made when it is not there. */
  constructor(dir: string) {
    this.#layout = new ImageLayout(dir);
  }

  /** All images, those with names first, by name. */
  list(): readonly StoredImage[] {
    const byDigest = new Map<string, { descriptor: Descriptor; names: string[] }>();
    for (const descriptor of this.#layout.readIndex().manifests) {
      const known = byDigest.get(descriptor.digest) ?? { descriptor, names: [] };
      byDigest.set(descriptor.digest, known);
      const name = descriptor.annotations?.[NAME_ANNOTATION];
      if (name !== undefined) known.names.push(name);
    }
    const images = [...byDigest.values()].map(({ descriptor, names }) => this.#read(descriptor, names.sort()));
    return images.sort((a, b) => ((a.names[0] ?? "~") < (b.names[0] ?? "~") ? -1 : 1));
  }

  /**
   * The image that a name (`nginx`, `nginx:1`, `nginx@sha256:…`) or an id (`sha256:…`) means; undefined when it is not
   * here.
   */
  find(name: string): StoredImage | undefined {
    const images = this.list();
    const byId = images.find(({ id, digest }) => id === name || digest === name);
    if (byId) return byId;
    const reference = parseImageReference(name);
    if (!reference) return undefined;
    if (reference.digest === undefined) {
      const full = formatImageReference(reference);
      return images.find(({ names }) => names.includes(full));
    }
    const repository = repositoryOf(reference);
    return images.find(
      ({ digest, names }) => digest === reference.digest && names.some((one) => one.startsWith(`${repository}:`)),
    );
  }

  /** Names of the store that are nearly `name`, as people write them, nearest first. */
  namesNear(name: string): readonly string[] {
    const reference = parseImageReference(name);
    const wanted = familiarImageName(reference ? formatImageReference(reference) : name);
    return nearNames(
      wanted,
      this.list().flatMap(({ names }) => names.map(familiarImageName)),
    );
  }

  /** Builds an image and gives it a name, which an older image then loses. */
  async build(
    options: BuildOptions & { readonly name: string },
  ): Promise<StoredImage & { readonly warnings: readonly string[] }> {
    const name = requireName(options.name);
    const { manifest, warnings } = await withIngest(this.#layout, async (ingest) => {
      const built = await buildImage(options, ingest, (base) => this.#findBase(base));
      this.#layout.commit(built.blobs, built.needed, (manifests) => named(manifests, built.manifest, name));
      return built;
    });
    this.#sweep((manifests) => manifests);
    const image = this.#read(manifest, [name]);
    await this.unpack(image);
    return { ...image, warnings };
  }

  /** Takes in the images of an archive (OCI layout or `docker save`, plain or gzipped). */
  async load(path: string): Promise<readonly StoredImage[]> {
    const loaded = await withIngest(this.#layout, async (ingest) => {
      const found = await readArchive(path, ingest);
      for (const { manifest, names, blobs } of found) {
        this.#layout.commit(blobs, [], (manifests) =>
          names.length === 0
            ? unnamed(manifests, manifest)
            : names.reduce((all, name) => named(all, manifest, name), manifests),
        );
      }
      return found;
    });
    const digests = new Set(loaded.map(({ manifest }) => manifest.digest));
    const images = this.list().filter(({ digest }) => digests.has(digest));
    for (const image of images) await this.unpack(image);
    return images;
  }

  /** Writes images to an archive that OCI tools and `docker load` read. */
  async save(names: readonly string[], path: string): Promise<void> {
    const images = names.map((name) => {
      const image = this.#require(name);
      const manifest = this.#layout.readIndex().manifests.find(({ digest }) => digest === image.digest);
      if (!manifest) throw notFound(name);
      const { annotations: _, ...plain } = manifest;
      return { manifest: plain, names: image.names };
    });
    await writeArchive(this.#layout, images, path);
  }

  /** Gives an image one more name. */
  tag(name: string, newName: string): void {
    const { digest } = this.#require(name);
    const full = requireName(newName);
    this.#layout.commit([], [digest], (manifests) => {
      const manifest = manifests.find((candidate) => candidate.digest === digest);
      if (!manifest) throw notFound(name);
      return named(manifests, manifest, full);
    });
  }

  /** Takes a name away, or with an id the image with all its names; blobs that nobody needs any more go too. */
  remove(name: string): void {
    const image = this.#require(name);
    const reference = parseImageReference(name);
    const full = reference && reference.digest === undefined ? formatImageReference(reference) : undefined;
    const isName = full !== undefined && image.names.includes(full);
    this.#sweep((manifests) =>
      manifests.filter(
        ({ digest, annotations }) => digest !== image.digest || (isName && annotations?.[NAME_ANNOTATION] !== full),
      ),
    );
  }

  /** The image's files as a directory, which is unpacked at most once and must not be written to. */
  async unpack(image: Pick<StoredImage, "id" | "digest">): Promise<string> {
    const target = this.unpackedPath(image.id);
    if (existsSync(target)) return target;
    const manifest = this.#layout.readJson<ImageManifest>(image.digest);
    const { rootfs } = this.#layout.readJson<ImageConfig>(manifest.config.digest);
    const layers = manifest.layers.map(({ digest, mediaType }, index) => ({
      path: this.#layout.blobPath(digest),
      mediaType,
      diffId: rootfs.diff_ids[index] ?? "",
    }));
    await unpackLayers(layers, target, this.#layout.draftPath("unpacked"));
    return target;
  }

  /** Where the files of the image with this id are, or will be. */
  unpackedPath(id: string): string {
    return join(this.#layout.dir, "unpacked", hexOf(id));
  }

  /** Removes unpacked images that are neither in the store any more nor in `inUse` (ids). */
  async prune(inUse: ReadonlySet<string>): Promise<void> {
    const kept = new Set(this.list().map(({ id }) => id));
    for (const name of readdirSync(join(this.#layout.dir, "unpacked"))) {
      const id = `sha256:${name}`;
      if (/^[0-9a-f]{64}$/.test(name) && !kept.has(id) && !inUse.has(id)) {
        await rm(join(this.#layout.dir, "unpacked", name), { recursive: true, force: true });
      }
    }
  }

  /** Calls `changed` after each change of the list of images, by whatever process. The returned function ends it. */
  watch(changed: () => void): () => void {
    const watcher = watch(this.#layout.dir, { persistent: false }, (_, file) => {
      if (file === "index.json") changed();
    });
    return () => watcher.close();
  }

  async #findBase(name: string): Promise<BaseImage | undefined> {
    const image = this.find(name);
    if (!image) return undefined;
    const manifest = this.#layout.readJson<ImageManifest>(image.digest);
    return { manifest, config: this.#layout.readJson<ImageConfig>(image.id), root: await this.unpack(image) };
  }

  #read({ digest }: Descriptor, names: readonly string[]): StoredImage {
    const { config, layers } = this.#layout.readJson<ImageManifest>(digest);
    const { config: run, created } = this.#layout.readJson<ImageConfig>(config.digest);
    const size = layers.reduce((sum, layer) => sum + layer.size, 0);
    return { id: config.digest, digest, names, size, config: run ?? {}, ...(created !== undefined && { created }) };
  }

  #require(name: string): StoredImage {
    const image = this.find(name);
    if (!image) throw notFound(name, this.namesNear(name));
    return image;
  }

  #sweep(change: (manifests: readonly Descriptor[]) => readonly Descriptor[]): void {
    this.#layout.sweep(change, (manifests) => this.#usedBlobs(manifests));
  }

  #usedBlobs(manifests: readonly Descriptor[]): ReadonlySet<string> {
    const used = new Set<string>();
    for (const { digest } of manifests) {
      const { config, layers } = this.#layout.readJson<ImageManifest>(digest);
      for (const blob of [digest, config.digest, ...layers.map((layer) => layer.digest)]) used.add(blob);
    }
    return used;
  }
}

function named(manifests: readonly Descriptor[], manifest: Descriptor, name: string): readonly Descriptor[] {
  const others = manifests.filter(
    ({ digest, annotations }) =>
      annotations?.[NAME_ANNOTATION] !== name &&
      (digest !== manifest.digest || annotations?.[NAME_ANNOTATION] !== undefined),
  );
  return [...others, describe(manifest, name)];
}

function unnamed(manifests: readonly Descriptor[], manifest: Descriptor): readonly Descriptor[] {
  return manifests.some(({ digest }) => digest === manifest.digest) ? manifests : [...manifests, manifest];
}

function requireName(name: string): string {
  const reference = parseImageReference(name);
  if (!reference || reference.digest !== undefined)
    throw new AppError("ImageNameInvalid", `invalid reference format: ${JSON.stringify(name)}`);
  return formatImageReference(reference);
}

function notFound(name: string, near: readonly string[] = []): AppError {
  const hint = near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
  return new AppError("ImageNotFound", `no image ${name} in the local store${hint}`);
}
