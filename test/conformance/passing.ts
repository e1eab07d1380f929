import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The golden cases that pass, and must go on passing: `suite/case`, one a line. The list only grows. Run with
 * GOLDEN=all to try all cases and be told which pass that are not in it.
 */
export function passing(suite: "kubectl" | "http"): ReadonlySet<string> {
  const lines = readFileSync(join(import.meta.dirname, "passing.txt"), "utf8").split("\n");
  return new Set(lines.flatMap((line) => (line.startsWith(`${suite}/`) ? [line.slice(suite.length + 1)] : [])));
}

export const TRY_ALL: boolean = process.env["GOLDEN"] === "all";
