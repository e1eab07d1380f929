import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { bootId } from "./process-identity.ts";
import type { Isolation } from "./host-tools.ts";

/**
 * What the machine allows is found out at each start, for which there must be room on the disk. When there is none, what was found
 * out before in the same boot is good enough to look after the pods that run.
 */
export async function isolationOr(probe: () => Promise<Isolation>, path: string): Promise<Isolation> {
  let isolation: Isolation;
  try {
    isolation = await probe();
  } catch (error) {
    const kept = (error as NodeJS.ErrnoException).code === "ENOSPC" ? read(path) : undefined;
    if (!kept) throw error;
    return kept;
  }
  keep(path, isolation);
  return isolation;
}

function keep(path: string, { overlayable, ...rest }: Isolation): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify({ ...rest, overlayable: [...overlayable], boot: bootId() }));
    renameSync(`${path}.new`, path);
  } catch {
    // The next start that finds no room on the disk fails, as this one would have.
  }
}

function read(path: string): Isolation | undefined {
  try {
    const { boot, overlayable, ...rest } = JSON.parse(readFileSync(path, "utf8")) as Omit<Isolation, "overlayable"> & {
      readonly boot: string;
      readonly overlayable: readonly string[];
    };
    return boot === bootId() ? { ...rest, overlayable: new Set(overlayable) } : undefined;
  } catch {
    return undefined;
  }
}
