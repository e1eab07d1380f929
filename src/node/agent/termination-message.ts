import { closeSync, openSync, readSync } from "node:fs";
import { tailOfLog } from "../logs/log-reader.ts";

const MAX_MESSAGE = 4096;
const MAX_LOG_LINES = 80;
const MAX_LOG_BYTES = 2048;

/**
 * A program's last words: what it wrote to its termination log; when that is empty and it failed, the end of its log.
 * Kubernetes does the latter only with FallbackToLogsOnError; here it is what tells why a rollout is stuck, so
 * everybody gets it.
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
export async function terminationMessage(path: string, logPath: string, exitCode: number): Promise<string | undefined> {
  const words = readStart(path);
  if (words !== "") return words;
  if (exitCode === 0) return undefined;
  const tail = await tailOfLog(logPath, MAX_LOG_LINES, MAX_LOG_BYTES).catch(() => "");
  return tail === "" ? undefined : tail;
}

function readStart(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(MAX_MESSAGE);
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, MAX_MESSAGE, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
