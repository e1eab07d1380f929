import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { VolumeDirectory } from "../controllers/volume-claim/volume-directory.ts";
import { AppError } from "../lib/app-error.ts";

/** The volumes of a home: one directory each, directly below `path`. */
export function volumeDirectory(path: string): VolumeDirectory {
  return {
    path,
    remove: async (volume) => {
      const target = resolve(volume);
      if (dirname(target) !== resolve(path))
        throw new AppError("volume", `${volume} is not a volume's directory in ${path}`);
      await rm(target, { recursive: true, force: true });
    },
  };
}
