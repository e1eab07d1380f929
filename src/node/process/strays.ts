import { readdirSync, readFileSync } from "node:fs";
import { identityOf, signalProcess } from "./process-identity.ts";

/** Variable by which the processes of a container are known where no PID namespace holds them together. */
export const CONTAINER_VARIABLE = "SLUICE_CONTAINER";

const MAX_ROUNDS = 20;

/**
 * Kills every process that inherited the container's mark, wherever it was forked to; again until none is left, because
 * a process may fork while the others are killed. Only for machines that forbid namespaces: a program that empties its
 * environment escapes.
 */
export function killStrays(containerId: string): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const strays = findStrays(containerId);
    if (strays.length === 0) return;
    for (const pid of strays) {
      const identity = identityOf(pid);
      if (identity) signalProcess(identity, "SIGKILL");
    }
  }
}

function findStrays(containerId: string): readonly number[] {
  const mark = `${CONTAINER_VARIABLE}=${containerId}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        if (identityOf(pid)?.hasEnded) return false;
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark);
      } catch {
        return false;
      }
    });
}
