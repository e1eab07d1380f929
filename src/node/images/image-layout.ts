import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../lib/app-error.ts";
import { type Descriptor, type ImageIndex, MEDIA_TYPES } from "./image-spec.ts";

/** A file in the ingest area that becomes a blob when the image is committed. */
export interface NewBlob {
  readonly digest: string;
  readonly size: number;
  readonly path: string;
}

const LOCK_TIMEOUT = 30_000;

/**
 * An OCI image layout on disk (oci-layout, index.json, blobs/sha256). Several processes may use it at once: blobs only
 * appear whole (written aside, then renamed), index.json changes under a lock and is replaced in one rename. A process
 * that is killed leaves at most a directory in ingest/, which the next `sweep` removes.
 */
export class ImageLayout {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(join(dir, "blobs/sha256"), { recursive: true });
    mkdirSync(join(dir, "ingest"), { recursive: true });
    mkdirSync(join(dir, "unpacked"), { recursive: true });
    if (!existsSync(join(dir, "oci-layout"))) replaceFile(join(dir, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}\n');
  }

  get indexPath(): string {
    return join(this.dir, "index.json");
  }

  readIndex(): ImageIndex {
    try {
      return JSON.parse(readFileSync(this.indexPath, "utf8")) as ImageIndex;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptyIndex;
      throw new AppError("ImageIndexInvalid", `${this.indexPath} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  blobPath(digest: string): string {
    return join(this.dir, "blobs/sha256", hexOf(digest));
  }

  hasBlob(digest: string): boolean {
    return existsSync(this.blobPath(digest));
  }

  readJson<T>(digest: string): T {
    return JSON.parse(readFileSync(this.blobPath(digest), "utf8")) as T;
  }

  /** A private directory for blobs in the making. */
  openIngest(): string {
    const path = this.draftPath("ingest");
    mkdirSync(path);
    return path;
  }

  /** A path that nobody else uses, named after the process so that `sweep` knows whose it is. */
  draftPath(area: "ingest" | "unpacked"): string {
    return join(this.dir, area, `${process.pid}-${randomBytes(6).toString("hex")}`);
  }

  /**
   * Takes the blobs in and changes the index in one step. `needed` are blobs that must be there already; when one was
   * removed meanwhile nothing is changed.
   */
  commit(
    blobs: readonly NewBlob[],
    needed: readonly string[],
    change: (manifests: readonly Descriptor[]) => readonly Descriptor[],
  ): void {
    this.#locked(() => {
      const given = new Set(blobs.map(({ digest }) => digest));
      const missing = needed.find((digest) => !given.has(digest) && !this.hasBlob(digest));
      if (missing !== undefined) throw new AppError("ImageBlobMissing", `blob ${missing} is not in the image store`);
      for (const { digest, path } of blobs) if (!this.hasBlob(digest)) renameSync(path, this.blobPath(digest));
      this.#writeIndex(change(this.readIndex().manifests));
    });
  }

  /** Changes the index, then removes the blobs that `isUsed` does not want, and what killed processes left behind. */
  sweep(
    change: (manifests: readonly Descriptor[]) => readonly Descriptor[],
    usedBy: (manifests: readonly Descriptor[]) => ReadonlySet<string>,
  ): void {
    this.#locked(() => {
      const before = this.readIndex().manifests;
      const manifests = change(before);
      if (manifests !== before) this.#writeIndex(manifests);
      const used = usedBy(manifests);
      for (const name of readdirSync(join(this.dir, "blobs/sha256"))) {
        if (!used.has(`sha256:${name}`)) rmSync(join(this.dir, "blobs/sha256", name));
      }
      for (const area of ["ingest", "unpacked"]) this.#removeLeftovers(join(this.dir, area));
    });
  }

  #removeLeftovers(area: string): void {
    for (const name of readdirSync(area)) {
      const owner = /^(\d+)-/.exec(name)?.[1];
      if (owner !== undefined && !existsSync(`/proc/${owner}`))
        rmSync(join(area, name), { recursive: true, force: true });
    }
  }

  #writeIndex(manifests: readonly Descriptor[]): void {
    const index: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests };
    replaceFile(this.indexPath, `${JSON.stringify(index, undefined, 1)}\n`);
  }

  /** The lock is SQLite's lock on a file of its own: the kernel frees it when its holder dies. `run` must not wait. */
  #locked(run: () => void): void {
    const lock = new DatabaseSync(join(this.dir, "lock.db"), { timeout: LOCK_TIMEOUT });
    try {
      lock.exec("BEGIN EXCLUSIVE");
      run();
    } finally {
      lock.close();
    }
  }
}

const emptyIndex: ImageIndex = { schemaVersion: 2, manifests: [] };

/** The hexadecimal part; refuses what could lead out of the blobs directory. */
export function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new AppError("ImageDigestInvalid", `unsupported digest ${JSON.stringify(digest)}`);
  return hex;
}

/** Replaces a file as a whole: a reader sees the old or the new content, also after a power cut. */
function replaceFile(path: string, content: string): void {
  const fresh = `${path}.${process.pid}`;
  const file = openSync(fresh, "w", 0o644);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

/** Writes a JSON blob into the ingest area. */
export function ingestJson(ingest: string, value: unknown, digestOf: (bytes: Buffer) => string): NewBlob {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = digestOf(bytes);
  const path = join(ingest, hexOf(digest));
  writeFileSync(path, bytes, { flush: true });
  return { digest, size: bytes.length, path };
}
