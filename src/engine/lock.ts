import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { AppError } from "../lib/app-error.ts";

/**
 * Takes a lock file for a short piece of work (starting or stopping the engine). A lock whose process is gone is taken over.
 * Fails with `busy` while another process holds it.
 */
export function takeLock(path: string): Disposable {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx", mode: 0o600 });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = holderOf(path);
      if (holder !== undefined)
        throw new AppError("busy", `another sluice command (pid ${holder}) is starting or stopping this engine`);
      rmSync(path, { force: true });
    }
  }
  throw new AppError("busy", `${path} is taken again and again`);
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
