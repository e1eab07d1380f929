// npm run prepare, the end of `npm ci`: builds. npm leaves out optional packages whose `engines` its own Node.js is too old for, and
// those are the native parts of our tools (before Node.js 20.19); they run on the pinned one, so npm is asked once more on that.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: join(import.meta.dirname, ".."), stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
const isComplete = await import("rolldown").then(
  () => true,
  () => false,
);
if (!isComplete) run(process.env.npm_execpath, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund");
run(join(import.meta.dirname, "build.mjs"));
