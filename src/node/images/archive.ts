import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { AppError } from "../../lib/app-error.ts";
import { formatImageReference, parseImageReference } from "../../lib/image-reference.ts";
import { sha256 } from "./build.ts";
import { hexOf, type ImageLayout, ingestJson, type NewBlob } from "./image-layout.ts";
import {
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  MEDIA_TYPES,
  NAME_ANNOTATION,
  ociArchitecture,
  TAG_ANNOTATION,
} from "./image-spec.ts";
import { MergedTree } from "./merged-tree.ts";
import { readTar } from "./tar-reader.ts";
import { TarWriter } from "./tar-writer.ts";

/** An image found in an archive: its manifest, its names (full), and the blobs that came with it. */
export interface Loaded {
  readonly manifest: Descriptor;
  readonly names: readonly string[];
  readonly blobs: readonly NewBlob[];
}

/** Entry of manifest.json, the table of contents of `docker save`. */
interface DockerManifest {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}

/** Reads an archive of images: an OCI image layout, or what `docker save` wrote, plain or gzipped. */
export async function readArchive(path: string, ingest: string): Promise<readonly Loaded[]> {
  const dir = join(ingest, "archive");
  mkdirSync(dir);
  await extract(path, dir);
  const files = new MergedTree([dir]);
  const find = (name: string): string | undefined => {
    const entry = files.lookup(files.resolve(name));
    return entry.kind === "file" ? entry.source : undefined;
  };
  if (find("index.json") !== undefined) return readOciArchive(find);
  if (find("manifest.json") !== undefined) return readDockerArchive(find, ingest);
  throw new AppError("ImageArchiveInvalid", `${path} is neither an OCI nor a Docker image archive`);
}

type Find = (name: string) => string | undefined;

async function extract(path: string, dir: string): Promise<void> {
  const tree = new MergedTree([dir]);
  const source = createReadStream(path);
  const head = await firstBytes(path);
  const bytes = pipeline(
    source,
    head[0] === 0x1f && head[1] === 0x8b ? createGunzip() : new PassThrough(),
    () => undefined,
  );
  for await (const entry of readTar(bytes as AsyncIterable<Buffer>)) {
    const place = join(dir, tree.resolve(entry.path, false));
    if (entry.type === "directory") mkdirSync(place, { recursive: true });
    if (entry.type !== "file") continue;
    mkdirSync(dirname(place), { recursive: true });
    const file = await open(place, "w");
    try {
      for await (const chunk of entry.body) await file.write(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readOciArchive(find: Find): Promise<readonly Loaded[]> {
  const index = readJsonFile<ImageIndex>(find("index.json"), "index.json");
  const loaded: Loaded[] = [];
  for (const descriptor of index.manifests) {
    const blobs = new Map<string, NewBlob>();
    const manifest = await collectBlobs(descriptor, find, blobs);
    if (manifest) loaded.push({ manifest, names: namesOf(descriptor), blobs: [...blobs.values()] });
  }
  if (loaded.length === 0)
    throw new AppError("ImageArchiveInvalid", `no image for linux/${ociArchitecture(process.arch)} in the archive`);
  return loaded;
}

/** Follows nested indexes to the manifest for this machine, and checks every blob on the way against its digest. */
async function collectBlobs(
  descriptor: Descriptor,
  find: Find,
  blobs: Map<string, NewBlob>,
): Promise<Descriptor | undefined> {
  const { platform } = descriptor;
  if (platform && (platform.os !== "linux" || platform.architecture !== ociArchitecture(process.arch)))
    return undefined;
  const blob = await checkedBlob(descriptor.digest, find);
  const document = JSON.parse(readFileSync(blob.path, "utf8")) as Partial<ImageIndex & ImageManifest>;
  if (document.manifests) {
    for (const inner of document.manifests) {
      const manifest = await collectBlobs(inner, find, blobs);
      if (manifest) return manifest;
    }
    return undefined;
  }
  for (const part of [document.config, ...(document.layers ?? [])]) {
    if (part) blobs.set(part.digest, await checkedBlob(part.digest, find));
  }
  blobs.set(blob.digest, blob);
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    ...(platform && { platform }),
  };
}

async function checkedBlob(digest: string, find: Find): Promise<NewBlob> {
  const path = find(`blobs/sha256/${hexOf(digest)}`);
  if (path === undefined) throw new AppError("ImageArchiveInvalid", `the archive lacks blob ${digest}`);
  const { actual, size } = await digestOfFile(path);
  if (actual !== digest) throw new AppError("ImageArchiveInvalid", `blob ${digest} of the archive is damaged`);
  return { digest, size, path };
}

async function readDockerArchive(find: Find, ingest: string): Promise<readonly Loaded[]> {
  const loaded: Loaded[] = [];
  for (const { Config, RepoTags, Layers } of readJsonFile<readonly DockerManifest[]>(
    find("manifest.json"),
    "manifest.json",
  )) {
    const config = readJsonFile<ImageConfig>(find(Config), Config);
    const configBlob = ingestJson(ingest, config, sha256);
    const layers: NewBlob[] = [];
    for (const name of Layers) {
      const path = find(name);
      if (path === undefined) throw new AppError("ImageArchiveInvalid", `the archive lacks ${name}`);
      const { actual, size } = await digestOfFile(path);
      layers.push({ digest: actual, size, path });
    }
    const manifest: ImageManifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      config: { mediaType: MEDIA_TYPES.config, digest: configBlob.digest, size: configBlob.size },
      layers: layers.map(({ digest, size, path }) => ({ mediaType: layerMediaType(path), digest, size })),
    };
    const manifestBlob = ingestJson(ingest, manifest, sha256);
    loaded.push({
      manifest: { mediaType: MEDIA_TYPES.manifest, digest: manifestBlob.digest, size: manifestBlob.size },
      names: (RepoTags ?? []).map(fullName),
      blobs: [...layers, configBlob, manifestBlob],
    });
  }
  return loaded;
}

function layerMediaType(path: string): string {
  const head = readFileSync(path).subarray(0, 2);
  return head[0] === 0x1f && head[1] === 0x8b ? `${MEDIA_TYPES.layer}+gzip` : MEDIA_TYPES.layer;
}

function namesOf({ annotations }: Descriptor): readonly string[] {
  const name = annotations?.[NAME_ANNOTATION] ?? annotations?.[TAG_ANNOTATION];
  return name !== undefined && parseImageReference(name) ? [fullName(name)] : [];
}

function fullName(name: string): string {
  const reference = parseImageReference(name);
  if (!reference) throw new AppError("ImageNameInvalid", `invalid reference format: ${name}`);
  return formatImageReference(reference);
}

function readJsonFile<T>(path: string | undefined, name: string): T {
  if (path === undefined || !existsSync(path)) throw new AppError("ImageArchiveInvalid", `the archive lacks ${name}`);
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

async function digestOfFile(path: string): Promise<{ readonly actual: string; readonly size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { actual: `sha256:${hash.digest("hex")}`, size };
}

/** Writes images as an archive that both OCI tools and `docker load` read. Replaces `path` as a whole. */
export async function writeArchive(
  layout: ImageLayout,
  images: readonly { readonly manifest: Descriptor; readonly names: readonly string[] }[],
  path: string,
): Promise<void> {
  const draft = `${path}.${process.pid}`;
  const tar = await TarWriter.create(draft);
  const add = (name: string, content: string): Promise<void> => {
    const bytes = Buffer.from(content);
    return tar.add({ path: name, type: "file", mode: 0o644, uid: 0, gid: 0, size: bytes.length }, [bytes]);
  };
  const written = new Set<string>();
  const addBlob = async ({ digest, size }: Descriptor): Promise<void> => {
    if (written.has(digest)) return;
    written.add(digest);
    const name = `blobs/sha256/${hexOf(digest)}`;
    await tar.add(
      { path: name, type: "file", mode: 0o644, uid: 0, gid: 0, size },
      createReadStream(layout.blobPath(digest)) as AsyncIterable<Buffer>,
    );
  };
  await add("oci-layout", '{"imageLayoutVersion":"1.0.0"}');
  const contents: DockerManifest[] = [];
  for (const { manifest, names } of images) {
    const { config, layers } = layout.readJson<ImageManifest>(manifest.digest);
    for (const descriptor of [manifest, config, ...layers]) await addBlob(descriptor);
    const blobName = ({ digest }: Descriptor): string => `blobs/sha256/${hexOf(digest)}`;
    contents.push({ Config: blobName(config), RepoTags: names, Layers: layers.map(blobName) });
  }
  const manifests = images.flatMap(({ manifest, names }) => names.map((name) => describe(manifest, name)));
  await add(
    "index.json",
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests } satisfies ImageIndex),
  );
  await add("manifest.json", JSON.stringify(contents));
  await tar.finish();
  renameSync(draft, path);
}

/** The index entry of an image under one of its names. */
export function describe(manifest: Descriptor, name: string): Descriptor {
  return {
    ...manifest,
    annotations: { [NAME_ANNOTATION]: name, [TAG_ANNOTATION]: parseImageReference(name)?.tag ?? "" },
  };
}
