// npm run check: types, lint (with the law of the layers), format, dead code, generated files. Runs all, then fails.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = (name) => join(root, "node_modules/.bin", name);
const steps = [
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  ["lint", bin("oxlint"), []],
  ["format", bin("biome"), ["check", "."]],
  ["dead code", bin("knip"), []],
  ["generated types", process.execPath, ["scripts/generate-types.ts", "--verify"]],
];
const failed = steps.filter(([name, command, args]) => {
  process.stdout.write(`check: ${name}\n`);
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status !== 0;
});
if (failed.length > 0) process.stdout.write(`check failed: ${failed.map(([name]) => name).join(", ")}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
