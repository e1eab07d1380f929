import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { chmod, lchown, link, mkdir, open, readdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { PassThrough, pipeline, type Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { AppError } from "../../lib/app-error.ts";
import { MergedTree } from "./merged-tree.ts";
import { type ReadEntry, readTar } from "./tar-reader.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

export interface Layer {
  readonly path: string;
  readonly mediaType: string;
  /** SHA-256 of the uncompressed archive, checked while it is read. */
  readonly diffId: string;
}

/**
 * Unpacks the layers of an image, one over the other, to `target`, which appears whole or not at all; does nothing when
 * it is there already. `draft` is a directory name beside it that nobody else uses.
 */
export async function unpackLayers(layers: readonly Layer[], target: string, draft: string): Promise<void> {
  if (existsSync(target)) return;
  await mkdir(draft, { recursive: true });
  try {
    for (const layer of layers) await applyLayer(layer, draft);
    await chmod(draft, 0o755);
    await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function applyLayer(layer: Layer, root: string): Promise<void> {
  const hash = createHash("sha256");
  const bytes = decompress(createReadStream(layer.path), layer.mediaType);
  const hashed = (async function* () {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  })();
  const applier = new LayerApplier(root);
  try {
    for await (const entry of readTar(hashed)) await applier.apply(entry);
    for await (const chunk of hashed) void chunk;
  } finally {
    bytes.destroy();
  }
  await applier.finish();
  const diffId = `sha256:${hash.digest("hex")}`;
  if (diffId !== layer.diffId)
    throw new AppError("ImageLayerDamaged", `layer ${layer.diffId} is damaged: its content is ${diffId}`);
}

/** Docker's and OCI's media types of layers end in `.tar`, `gzip` or `zstd`. */
function decompress(source: Readable, mediaType: string): Readable {
  const decompressor = mediaType.endsWith("gzip")
    ? createGunzip()
    : mediaType.endsWith("zstd")
      ? createZstdDecompress()
      : new PassThrough();
  return pipeline(source, decompressor, () => undefined);
}

/** Lays the entries of one layer over the tree: https://github.com/opencontainers/image-spec/blob/main/layer.md */
class LayerApplier {
  readonly #root: string;
  readonly #tree: MergedTree;
  /** Paths of this layer: an opaque whiteout hides only what lower layers put there. */
  readonly #own = new Set<string>();
  readonly #directoryModes = new Map<string, number>();
  readonly #isRoot = process.getuid?.() === 0;

  constructor(root: string) {
    this.#root = root;
    this.#tree = new MergedTree([root]);
  }

  async apply(entry: ReadEntry): Promise<void> {
    const path = posix.normalize(`/${entry.path}`).replace(/(.)\/$/, "$1");
    if (entry.path.split("/").includes(".."))
      throw new AppError("ImageLayerUnsafe", `layer entry ${entry.path} leads out of the image`);
    if (path === "/") return;
    const parent = this.#tree.resolve(dirname(path));
    const name = posix.basename(path);
    if (name === OPAQUE) await this.#hideAll(parent);
    else if (name.startsWith(WHITEOUT)) await this.#remove(posix.join(parent, name.slice(WHITEOUT.length)));
    else await this.#create(entry, posix.join(parent, name));
  }

  /**
   * Read-only directories get their modes last, or nothing could be put into them. Owners keep the right to clean up.
   */
  async finish(): Promise<void> {
    for (const [path, mode] of this.#directoryModes) await chmod(path, mode | 0o700);
  }

  async #create(entry: ReadEntry, path: string): Promise<void> {
    if (entry.type === "other") return;
    for (let own = path; own !== "/"; own = dirname(own)) this.#own.add(own);
    const place = join(this.#root, path);
    await this.#makeParents(path);
    const before = this.#tree.lookup(path);
    if (entry.type === "directory") {
      if (before.kind !== "directory") {
        await rm(place, { force: true });
        await mkdir(place);
      }
      this.#directoryModes.set(place, entry.mode & 0o7777);
    } else {
      if (before.kind !== "absent") await rm(place, { recursive: true, force: true });
      await this.#createLeaf(entry, place);
    }
    if (this.#isRoot && entry.type !== "hardlink") await this.#setOwner(entry, place);
  }

  /** Directories that have no entry of their own come into being; a file in their place goes. */
  async #makeParents(path: string): Promise<void> {
    const parent = dirname(path);
    if (this.#tree.lookup(parent).kind === "directory") return;
    await this.#makeParents(parent);
    await rm(join(this.#root, parent), { force: true });
    await mkdir(join(this.#root, parent));
  }

  async #createLeaf(entry: ReadEntry, place: string): Promise<void> {
    if (entry.type === "symlink") return symlink(entry.target ?? "", place);
    if (entry.type === "hardlink") {
      const target = this.#tree.lookup(this.#tree.resolve(entry.target ?? "", false));
      if (target.kind !== "file")
        throw new AppError(
          "ImageLayerDamaged",
          `layer entry ${entry.path} links to ${entry.target}, which is not there`,
        );
      return link(target.source, place);
    }
    const file = await open(place, "wx", 0o600);
    try {
      for await (const chunk of entry.body) await file.write(chunk);
      await file.chmod(entry.mode & 0o7777);
    } finally {
      await file.close();
    }
  }

  /** Changing the owner clears the set-user-id bits, so the mode is set again. */
  async #setOwner(entry: ReadEntry, place: string): Promise<void> {
    await lchown(place, entry.uid, entry.gid);
    if (entry.type === "file" && (entry.mode & 0o6000) !== 0) await chmod(place, entry.mode & 0o7777);
  }

  /** Removes what lower layers put at `path`; what this layer put there or below stays. */
  async #remove(path: string): Promise<void> {
    if (!this.#own.has(path)) await rm(join(this.#root, path), { recursive: true, force: true });
    else if (this.#tree.lookup(path).kind === "directory") await this.#hideAll(path);
  }

  async #hideAll(directory: string): Promise<void> {
    const names = await readdir(join(this.#root, directory)).catch(() => []);
    for (const name of names) await this.#remove(posix.join(directory, name));
  }
}
