// Compiles src/ into dist/, afresh: a file deleted from src/ must not live on in dist/. The new tree takes the old one's
// place in one rename, so that a program that runs from dist/ meanwhile never sees half of it.
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
const [dist, fresh, old] = ["dist", `dist.${process.pid}`, `dist.${process.pid}.old`].map((name) => join(root, name));
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh], {
  stdio: "inherit",
});
if (status === 0) {
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
}
for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
process.exitCode = status ?? 1;
