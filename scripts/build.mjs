// Bundles src/main/*.ts into dist/main/, afresh: what was deleted from src/ must not live on in dist/. The new tree takes the
// old one's place in one rename, so that a program that starts from dist/ meanwhile never sees half of it. Why a bundle:
// docs/adr/0011. Types are `npm run check`'s.
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = ["cli", "control", "mesh-worker", "load-generator"];
const [dist, fresh, old] = ["dist", `dist.${process.pid}`, `dist.${process.pid}.old`].map((name) => join(root, name));
try {
  await build({
    input: Object.fromEntries(programs.map((name) => [name, join(root, `src/main/${name}.ts`)])),
    platform: "node",
    // Packages stay packages: only what is ours begins with a dot or, as an entry, with the root.
    external: /^[^./]/,
    logLevel: "warn",
    output: { dir: join(fresh, "main"), format: "esm", chunkFileNames: "[name].js" },
  });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
} finally {
  for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
}
