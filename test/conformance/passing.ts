import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Suite = "kubectl" | "http";

/**
 * The golden cases that pass, and must go on passing: `suite/case`, one a line. The list only grows. GOLDEN=all tries every
 * case and GOLDEN=141,086 those that begin so; which of them pass that are not in the list is told.
 */
export class PassingCases {
  readonly #suite: Suite;
  readonly #listed: ReadonlySet<string>;
  readonly #tried: readonly string[];

  constructor(suite: Suite) {
    const lines = readFileSync(join(import.meta.dirname, "passing.txt"), "utf8").split("\n");
    this.#suite = suite;
    this.#listed = new Set(
      lines.flatMap((line) => (line.startsWith(`${suite}/`) ? [line.slice(suite.length + 1)] : [])),
    );
    this.#tried = (process.env["GOLDEN"] ?? "").split(",").filter((text) => text !== "");
  }

  /** Whether the case is to be run. */
  has({ id }: { readonly id: string }): boolean {
    if (this.#tried.length === 0) return this.#listed.has(id);
    return this.#tried.some((text) => text === "all" || id.startsWith(text));
  }

  /** Tells, while cases are tried, of one that passes and is not listed. `by`: with what it passes. */
  note({ id }: { readonly id: string }, got: unknown, wanted: unknown, by: string): void {
    if (this.#tried.length === 0 || this.#listed.has(id) || JSON.stringify(got) !== JSON.stringify(wanted)) return;
    appendFileSync(1, `passes with ${by}: ${this.#suite}/${id}\n`);
  }
}
