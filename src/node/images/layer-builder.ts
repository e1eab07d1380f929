import { createReadStream, readlinkSync } from "node:fs";
import { join, posix } from "node:path";
import type { ContextEntry, Selection } from "./build-context.ts";
import type { NewBlob } from "./image-layout.ts";
import { MergedTree } from "./merged-tree.ts";
import { type TarEntry, TarWriter } from "./tar-writer.ts";

export interface CopyOptions {
  readonly uid: number;
  readonly gid: number;
  /** Overrides the modes of the copied files. */
  readonly mode?: number;
}

/** Makes the layers of one image: knows which directories the image has so far, so that none is written twice. */
export class LayerBuilder {
  readonly #ingest: string;
  readonly #base: MergedTree;
  readonly #directories = new Set<string>(["/"]);
  #count = 0;

  /** `baseRoot`: the unpacked base image; absent for `FROM scratch`. */
  constructor(ingest: string, baseRoot?: string) {
    this.#ingest = ingest;
    this.#base = new MergedTree(baseRoot === undefined ? [] : [baseRoot]);
  }

  isDirectory(path: string): boolean {
    const place = this.#base.resolve(path);
    return this.#directories.has(place) || (place !== "/" && this.#base.lookup(place).kind === "directory");
  }

  /** A layer with one directory; undefined when the image has it. */
  async directory(path: string): Promise<NewBlob | undefined> {
    if (this.isDirectory(path)) return undefined;
    return this.#layer((tar) => this.#makeDirectories(tar, this.#base.resolve(path)));
  }

  /**
   * A layer with what COPY copies: the contents of directories, and files, which go into `target` when it is a
   * directory (`intoDirectory`, or the image has it as one), else become `target`.
   */
  async copy(
    selections: readonly Selection[],
    target: string,
    intoDirectory: boolean,
    options: CopyOptions,
  ): Promise<NewBlob> {
    const place = this.#base.resolve(target);
    const into = intoDirectory || this.isDirectory(place);
    return this.#layer(async (tar) => {
      for (const { name, isDirectory, entries } of selections) {
        const root = isDirectory || !into ? place : posix.join(place, name);
        await this.#makeDirectories(tar, isDirectory ? root : posix.dirname(root));
        for (const entry of entries) await this.#add(tar, entry, posix.join(root, entry.path), options);
      }
    });
  }

  async #layer(fill: (tar: TarWriter) => Promise<void>): Promise<NewBlob> {
    const path = join(this.#ingest, `layer-${this.#count++}`);
    const tar = await TarWriter.create(path);
    try {
      await fill(tar);
      return { path, ...(await tar.finish()) };
    } catch (error) {
      await tar.abandon();
      throw error;
    }
  }

  async #makeDirectories(tar: TarWriter, path: string): Promise<void> {
    if (this.isDirectory(path)) return;
    await this.#makeDirectories(tar, posix.dirname(path));
    this.#directories.add(path);
    await tar.add({ path: path.slice(1), type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0 });
  }

  async #add(tar: TarWriter, { place, stat }: ContextEntry, path: string, options: CopyOptions): Promise<void> {
    const common = {
      path: path.slice(1),
      mode: options.mode ?? stat.mode & 0o7777,
      uid: options.uid,
      gid: options.gid,
    };
    if (stat.isDirectory()) {
      this.#directories.add(path);
      await tar.add({ ...common, type: "directory", size: 0 });
    } else if (stat.isSymbolicLink()) {
      await tar.add({ ...common, mode: 0o777, type: "symlink", size: 0, target: readlinkSync(place) });
    } else {
      const entry: TarEntry = { ...common, type: "file", size: stat.size };
      await tar.add(entry, stat.size === 0 ? [] : (createReadStream(place) as AsyncIterable<Buffer>));
    }
  }
}
