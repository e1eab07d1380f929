import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { GOLDEN } from "./normaliser.ts";

/** One golden case; test/testdata/golden/README.md says what the fields mean. */
export interface KubectlCase {
  readonly id: string;
  readonly folder: string;
  readonly title: string;
  readonly needs: readonly string[];
  /** `>=1.31` */
  readonly kubectl?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly cleanup: readonly string[];
}

export interface Step {
  readonly run: string;
  readonly stdin?: string;
  readonly waitFor?: string | WaitFor;
  readonly sort?: boolean;
  readonly record?: boolean;
  readonly ignore?: readonly (keyof Output)[];
  /** Seconds. */
  readonly timeout?: number;
}

export interface WaitFor {
  readonly run: string;
  readonly stdout?: string;
  /** Seconds. */
  readonly timeout?: number;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

const CASES = join(GOLDEN, "kubectl/cases");

export function kubectlCases(): readonly KubectlCase[] {
  return readdirSync(CASES)
    .sort()
    .map((id) => {
      const folder = join(CASES, id);
      const given = parse(readFileSync(join(folder, "case.yaml"), "utf8")) as Partial<KubectlCase>;
      return { title: "", needs: [], files: {}, steps: [], ...given, cleanup: given.cleanup ?? [], id, folder };
    });
}

/** Whether a kubectl of this version has what the case uses. */
export function appliesTo({ kubectl }: KubectlCase, minor: string): boolean {
  const least = /^>=1\.(\d+)$/.exec(kubectl ?? "")?.[1];
  return least === undefined || Number(minor.split(".")[1]) >= Number(least);
}

/** What the real Kubernetes printed at a step: what is recorded for the version, else for all. */
export function expectedOutput({ folder }: KubectlCase, minor: string, step: number): Output {
  const at = (version: string, part: string): string =>
    join(folder, "expected", version, `${String(step).padStart(2, "0")}.${part}`);
  const own = ["stdout", "stderr", "exit"].some((part) => existsSync(at(minor, part)));
  const read = (part: string): string => {
    const file = at(own ? minor : "all", part);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  return { stdout: read("stdout"), stderr: read("stderr"), exit: Number(read("exit")) };
}

/** What must happen within seconds runs alone, so that a slow machine does not fail it. */
export function isTimed({ steps }: KubectlCase): boolean {
  return steps.some(({ run }) => /\btimeout \d/.test(run));
}
