import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { ignoreNothing, type IgnoreRules, parseDockerignore } from "./docker-ignore.ts";
import { isPattern, patternExpression } from "./file-pattern.ts";

/** Something of the context that is to be copied. */
export interface ContextEntry {
  /** Where it is on this machine. */
  readonly place: string;
  /** Where it goes, relative to what was selected: "" for a selected file itself. */
  readonly path: string;
  readonly stat: Stats;
}

export interface Selection {
  /** Last name of what was selected; with it a file goes into a directory. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly entries: readonly ContextEntry[];
}

/** The files that a build may use: a directory, less what its .dockerignore leaves out. */
export class BuildContext {
  readonly #dir: string;
  readonly #rules: IgnoreRules;

  constructor(dir: string) {
    this.#dir = realpathSync(dir);
    this.#rules = readRules(this.#dir);
  }

  /**
   * What a source argument of COPY means: one file or directory, or everything that a pattern matches. `..` cannot
   * leave the context: `../x` is `x`. Throws when there is nothing.
   */
  select(source: string): readonly Selection[] {
    const clean = posix.normalize(`/${source}`).replace(/^\/+|\/+$/g, "");
    const found = isPattern(clean) ? this.#match(clean) : [this.#pick(clean)].filter((one) => one !== undefined);
    if (found.length > 0) return found;
    const ignored =
      !isPattern(clean) &&
      clean !== "" &&
      this.#rules.ignores(clean) &&
      lstatSync(join(this.#dir, clean), { throwIfNoEntry: false });
    throw new Error(`"${source}" ${ignored ? "is left out by .dockerignore" : "is not in the build context"}`);
  }

  #match(pattern: string): Selection[] {
    const expression = patternExpression(pattern);
    const found: Selection[] = [];
    const visit = (directory: string): void => {
      for (const name of readdirSync(join(this.#dir, directory)).sort()) {
        const path = posix.join(directory, name);
        const selection = expression.test(path) ? this.#pick(path) : undefined;
        if (selection) found.push(selection);
        else if (lstatSync(join(this.#dir, path)).isDirectory() && this.#mayHold(path)) visit(path);
      }
    };
    visit("");
    return found;
  }

  /** A link that is named itself is followed, as far as it stays inside the context. */
  #pick(path: string): Selection | undefined {
    const place = join(this.#dir, path);
    const stat = statSync(place, { throwIfNoEntry: false });
    if (!stat) return undefined;
    const real = realpathSync(place);
    if (relative(this.#dir, real).startsWith("..")) throw new Error(`"${path}" points out of the build context`);
    if (!stat.isDirectory()) {
      if (this.#rules.ignores(path) || !stat.isFile()) return undefined;
      return { name: posix.basename(path), isDirectory: false, entries: [{ place: real, path: "", stat }] };
    }
    if (path !== "" && this.#rules.ignores(path) && !this.#rules.hasExceptions) return undefined;
    const entries: ContextEntry[] = [];
    this.#collect(real, path, "", entries);
    if (path !== "" && entries.length === 0 && this.#rules.ignores(path)) return undefined;
    return { name: posix.basename(path), isDirectory: true, entries };
  }

  #collect(place: string, path: string, below: string, entries: ContextEntry[]): void {
    for (const name of readdirSync(place).sort()) {
      const inner = join(place, name);
      const innerPath = posix.join(path, name);
      const innerBelow = posix.join(below, name);
      const stat = lstatSync(inner);
      const ignored = this.#rules.ignores(innerPath);
      if (stat.isDirectory()) {
        if (ignored && !this.#rules.hasExceptions) continue;
        const at = entries.length;
        this.#collect(inner, innerPath, innerBelow, entries);
        if (!ignored || entries.length > at) entries.splice(at, 0, { place: inner, path: innerBelow, stat });
      } else if (!ignored && (stat.isFile() || stat.isSymbolicLink()))
        entries.push({ place: inner, path: innerBelow, stat });
    }
  }

  #mayHold(path: string): boolean {
    return this.#rules.hasExceptions || !this.#rules.ignores(path);
  }
}

function readRules(dir: string): IgnoreRules {
  try {
    return parseDockerignore(readFileSync(join(dir, ".dockerignore"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ignoreNothing;
    throw error;
  }
}
