import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export const GOLDEN: string = join(import.meta.dirname, "../testdata/golden");

interface Rule {
  readonly name: string;
  readonly pattern: string;
  readonly replace: string;
  /** `.` matches line ends too. */
  readonly s?: boolean;
}

/** Replaces what is random or of the environment in a text, as test/testdata/golden/kubectl/normalise.yaml says. */
export class Normaliser {
  readonly #rules: readonly (readonly [RegExp, string])[];

  constructor() {
    const file = readFileSync(join(GOLDEN, "kubectl/normalise.yaml"), "utf8");
    const { rules } = parse(file) as { readonly rules: readonly Rule[] };
    this.#rules = rules.map(({ pattern, replace, s }) => [new RegExp(pattern, s ? "gms" : "gm"), replace]);
  }

  /** `directories`: the runner's own, longest first. */
  text(text: string, namespace: string, directories: readonly string[] = []): string {
    let normal = text;
    for (const directory of directories) normal = normal.replaceAll(directory, "<dir>");
    normal = normal.replaceAll(namespace, "<ns>");
    for (const [pattern, replacement] of this.#rules) normal = normal.replace(pattern, replacement);
    return normal;
  }
}

/** A namespace name of fixed length from letters that Kubernetes never draws for suffixes. */
export function caseNamespace(): string {
  const letters = "aeiou013";
  return `g${Array.from({ length: 9 }, () => letters[Math.floor(Math.random() * letters.length)]).join("")}`;
}
