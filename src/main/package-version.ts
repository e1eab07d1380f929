import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Our own version, as package.json says it; `programs` is the folder of the compiled composition roots. */
export function packageVersion(programs: string): string {
  const text = readFileSync(join(programs, "../../package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
