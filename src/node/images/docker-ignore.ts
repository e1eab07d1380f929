import { patternExpression } from "./file-pattern.ts";

/** Says which files of a build context are left out. Paths are relative to it and `/`-separated. */
export interface IgnoreRules {
  ignores(path: string): boolean;
  /** Whether something below an ignored directory may be wanted all the same (`!` rules). */
  readonly hasExceptions: boolean;
}

export const ignoreNothing: IgnoreRules = { ignores: () => false, hasExceptions: false };

/**
 * Reads a .dockerignore: the last rule that matches a path, or one of the directories it is in, decides.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function parseDockerignore(source: string): IgnoreRules {
  const rules: { readonly keep: boolean; readonly expression: RegExp }[] = [];
  for (const line of source.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const text = line.trim();
    if (text === "" || line.startsWith("#")) continue;
    const keep = text.startsWith("!");
    const pattern = cleanPattern(keep ? text.slice(1).trim() : text);
    if (pattern !== "") rules.push({ keep, expression: patternExpression(pattern) });
  }
  const ignores = (path: string): boolean => {
    let ignored = false;
    for (const { keep, expression } of rules) {
      if (keep === ignored && selfAndParents(path).some((candidate) => expression.test(candidate))) ignored = !keep;
    }
    return ignored;
  };
  return { ignores, hasExceptions: rules.some(({ keep }) => keep) };
}

function cleanPattern(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

function selfAndParents(path: string): readonly string[] {
  const all = [path];
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1))
    all.push(path.slice(0, slash));
  return all;
}
