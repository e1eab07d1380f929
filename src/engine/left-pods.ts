import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseStat } from "../lib/proc-stat.ts";
import { isLive } from "./process-record.ts";

/**
 * Whether a container of this home runs, with or without a control process. Each has the line of /proc/self/stat of its
 * outermost process in `pods/<uid>/containers/<name>/<instance>/shim.stat`.
 */
export function hasRunningPods(pods: string): boolean {
  return below(pods).some((pod) =>
    below(join(pod, "containers"))
      .flatMap(below)
      .some((instance) => {
        const shim = parseStat(read(join(instance, "shim.stat")));
        return shim !== undefined && isLive(shim);
      }),
  );
}

function below(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
