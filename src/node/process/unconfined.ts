import { constants, cpSync, existsSync, mkdirSync } from "node:fs";
import { join, posix } from "node:path";
import type { ContainerSpec } from "../runtime.ts";
import { isWithin } from "./mount-table.ts";
import { CONTAINER_VARIABLE } from "./strays.ts";

/** A container as it is executed on the machine's own root. */
export interface UnconfinedView extends Pick<ContainerSpec, "command" | "env" | "workingDir"> {
  /** The place on disk of a path of the container. */
  readonly locate: (path: string) => string;
}

/**
 * Where the kernel allows no namespaces a program runs on the machine's own root, on a copy of its image. Paths of the
 * image and of volumes in its command, its variables and its working directory are turned into their place on disk.
 */
export function prepareUnconfined(container: ContainerSpec, dir: string, nodeDir: string, id: string): UnconfinedView {
  const copy = join(dir, "image");
  cpSync(container.imageRoot, copy, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  const workingDir = rewritePath(container.workingDir || "/", container, copy) ?? join(copy, container.workingDir);
  mkdirSync(workingDir, { recursive: true });
  const env: Record<string, string> = { [CONTAINER_VARIABLE]: id };
  for (const [name, value] of Object.entries(container.env)) env[name] = rewriteWord(value, container, copy);
  env["PATH"] = env["PATH"] ? `${nodeDir}:${env["PATH"]}` : nodeDir;
  return {
    command: container.command.map((word) => rewriteWord(word, container, copy)),
    env,
    workingDir,
    locate: (path) => rewritePath(path, container, copy) ?? path,
  };
}

/** Rewrites the paths in `/a`, `/a:/b` and `--flag=/a`; what is no path of the image or a volume stays as it is. */
function rewriteWord(word: string, container: ContainerSpec, copy: string): string {
  const [, head = "", paths = ""] = /^([^/]*=)?(\/[\s\S]*)$/.exec(word) ?? [];
  if (paths === "") return word;
  return (
    head +
    paths
      .split(":")
      .map((path) => rewritePath(path, container, copy) ?? path)
      .join(":")
  );
}

function rewritePath(path: string, { mounts }: ContainerSpec, copy: string): string | undefined {
  if (!path.startsWith("/")) return undefined;
  const normal = posix.normalize(path);
  const mount = mounts
    .filter(({ target }) => isWithin(normal, target))
    .sort((a, b) => b.target.length - a.target.length)[0];
  if (mount) return join(mount.source, posix.relative(mount.target, normal));
  return normal !== "/" && existsSync(join(copy, normal)) ? join(copy, normal) : undefined;
}
