import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

/** What is at a path of the tree that a program sees as its root. */
export type TreeEntry =
  /** `sources`: the directories of the machine whose contents are merged here, topmost first. */
  | { readonly kind: "directory"; readonly sources: readonly string[] }
  | { readonly kind: "file" | "symlink"; readonly source: string }
  | { readonly kind: "absent" };

const MAX_LINKS = 40;

/**
 * Several directory trees seen as one, the first on top, with links followed inside it: a link to `/etc` means the
 * tree's own `/etc`, and `..` never leads out. So a path of an image can be placed on the machine without trusting the
 * image.
 */
export class MergedTree {
  readonly #layers: readonly string[];

  constructor(layers: readonly string[]) {
    this.#layers = layers;
  }

  /** What a canonical path (as `resolve` gives it) is. Does not follow links. */
  lookup(path: string): TreeEntry {
    let sources = this.#layers;
    const names = split(path);
    for (const [index, name] of names.entries()) {
      const here = step(sources, name);
      if (here.kind !== "directory") return index === names.length - 1 ? here : { kind: "absent" };
      sources = here.sources;
    }
    return { kind: "directory", sources };
  }

  /**
   * The canonical absolute form of `path`: no `.`, `..` or links, except (with `followLast: false`) for its last name.
   * Parts that do not exist are kept as they are. Throws when links run in circles.
   */
  resolve(path: string, followLast = true): string {
    const waiting = split(path).reverse();
    const done: string[] = [];
    let links = 0;
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === "..") {
        done.pop();
        continue;
      }
      const entry = this.lookup([...done, name].join("/"));
      if (entry.kind !== "symlink" || (!followLast && waiting.length === 0)) {
        done.push(name);
        continue;
      }
      if (++links > MAX_LINKS) throw new Error(`too many levels of symbolic links: ${path}`);
      const target = readlinkSync(entry.source);
      if (target.startsWith("/")) done.length = 0;
      waiting.push(...split(target).reverse());
    }
    return `/${done.join("/")}`;
  }
}

/** As overlayfs merges: directories until something else lies in the way. */
function step(sources: readonly string[], name: string): TreeEntry {
  const directories: string[] = [];
  for (const source of sources) {
    const path = join(source, name);
    const stat = statOf(path);
    if (!stat) continue;
    if (stat.isDirectory()) directories.push(path);
    else if (directories.length > 0) break;
    else return { kind: stat.isSymbolicLink() ? "symlink" : "file", source: path };
  }
  return directories.length > 0 ? { kind: "directory", sources: directories } : { kind: "absent" };
}

/** What may not be reached is not there for the program either. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") return undefined;
    throw error;
  }
}

const split = (path: string): string[] => path.split("/").filter((name) => name !== "" && name !== ".");
