import { execFileSync } from "node:child_process";
import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

export interface KubectlBinary {
  readonly path: string;
  /** `1.33` */
  readonly minor: string;
}

/** The versions of which it is recorded what they print. */
const RECORDED = ["1.27", "1.30", "1.33", "1.36"];

/**
 * Every recorded kubectl that is to be had: `kubectl` on the PATH and `kubectl.1.NN` beside it (also where a link of that
 * name leads), and the files that $KUBECTL lists.
 */
export function findKubectls(): readonly KubectlBinary[] {
  const listed = (process.env["KUBECTL"] ?? "").split(delimiter).filter((path) => path !== "");
  const onPath = (process.env["PATH"] ?? "").split(delimiter).flatMap((folder) => kubectlsIn(folder));
  const found = new Map<string, KubectlBinary>();
  for (const path of [...listed, ...onPath]) {
    const minor = minorOf(path);
    if (minor !== undefined && RECORDED.includes(minor) && !found.has(minor)) found.set(minor, { path, minor });
  }
  return [...found.values()].sort((a, b) => RECORDED.indexOf(a.minor) - RECORDED.indexOf(b.minor));
}

function kubectlsIn(folder: string): string[] {
  const plain = join(folder, "kubectl");
  if (!isExecutable(plain)) return [];
  const folders = new Set([folder, dirname(realpathSync(plain))]);
  const versioned = [...folders].flatMap((each) =>
    readdirSync(each)
      .filter((name) => /^kubectl\.1\.\d+$/.test(name))
      .map((name) => join(each, name)),
  );
  return [...versioned, plain];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the binary says of itself; a `kubectl` on the PATH may be a program that only chooses one. */
function minorOf(path: string): string | undefined {
  const named = /kubectl\.(1\.\d+)$/.exec(path)?.[1];
  if (named !== undefined) return named;
  try {
    const text = execFileSync(path, ["version", "--client", "-o", "json"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    });
    const { clientVersion } = JSON.parse(text) as { clientVersion: { major: string; minor: string } };
    return `${clientVersion.major}.${clientVersion.minor.replace(/\D/g, "")}`;
  } catch {
    return undefined;
  }
}
