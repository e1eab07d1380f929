import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/** An older Node.js on the machine, and an npm that does not put ours before it on the PATH of scripts, change nothing. */

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const pinned = `v${manifest.optionalDependencies[`node-linux-${process.arch}`]}`;
let old: string;

beforeAll(() => {
  old = mkdtempSync(join(tmpdir(), "sluice-old-node-"));
  writeFileSync(join(old, "node"), "#!/bin/sh\necho v20.0.0\nexit 1\n");
  chmodSync(join(old, "node"), 0o755);
});
afterAll(() => rmSync(old, { recursive: true }));

function run(program: string, ...args: readonly string[]): string {
  const env = { PATH: `${old}:/usr/bin:/bin` };
  const { status, stdout, stderr } = spawnSync(join(root, program), args, { encoding: "utf8", env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

test("programs of the checkout run on the pinned Node.js, and so does what they start", () => {
  const script =
    'console.log(process.version, require("child_process").execSync("node --version", { encoding: "utf8" }))';
  expect(run("scripts/node", "--eval", script).split(/\s+/)).toEqual([pinned, pinned, ""]);
  expect(run("bin/sluice", "version")).toContain(pinned.slice(1));
});

test("every script of the package that needs the pinned Node.js asks for it", () => {
  // Biome is a native program behind a few lines that any Node.js runs.
  const asks = /^(?:scripts\/node |\.\/bin\/sluice |npm run |biome )/;
  for (const [name, command] of Object.entries(manifest.scripts)) expect(command, name).toMatch(asks);
});
