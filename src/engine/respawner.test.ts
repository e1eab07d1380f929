import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { processesWith } from "../../test/support/processes.ts";
import { startRespawner } from "./respawner.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-respawn-"));
  for (const folder of ["run", "logs", "bin"]) mkdirSync(join(root, folder));
});
afterEach(async () => {
  // A respawner takes its records away at the end, in the folder that is removed here.
  await untilGone();
  rmSync(root, { recursive: true });
});

/** Resolves when the respawner of the test has ended: it is no child of ours, so that nobody tells us. */
async function untilGone(): Promise<void> {
  while (processesWith(root).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The pauses, in seconds, between six runs that each end in `end`; the seventh ends well. */
async function pausesAfter(end: string): Promise<readonly string[]> {
  const said = join(root, "said");
  writeFileSync(said, "");
  script(join(root, "bin/sleep"), `echo "$1" >>'${said}'`);
  const command = script(join(root, "command"), `echo run >>'${said}'; [ $(grep -c run '${said}') -gt 6 ] || ${end}`);
  const lines = (): readonly string[] => readFileSync(said, "utf8").split("\n").slice(0, -1);
  const isOver = (): boolean => lines().filter((line) => line === "run").length === 7;
  const over = new Promise<void>((resolve) => {
    const watcher = watch(join(root, "run"), () => {
      if (!isOver()) return;
      watcher.close();
      resolve();
    });
  });
  const env = { PATH: `${join(root, "bin")}:/usr/local/bin:/usr/bin:/bin` };
  startRespawner({ run: join(root, "run"), logs: join(root, "logs") }, { name: "one", command: [command], env });
  await over;
  return lines().filter((line) => line !== "run");
}

describe("a command that ends at once comes back", () => {
  test("with growing pauses when it crashes", async () =>
    expect(await pausesAfter("exit 1")).toEqual(["0.2", "1", "5", "5", "5"]));

  test("with short ones when it is killed", async () =>
    expect(await pausesAfter("kill -KILL $$")).toEqual(["0.2", "0.2", "0.2", "0.2", "0.2"]));
});

test("a command does not come back when its home has been deleted", async () => {
  const command = script(join(root, "command"), `rm -r '${join(root, "run")}'; exit 1`);
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  startRespawner({ run: join(root, "run"), logs: join(root, "logs") }, { name: "one", command: [command], env });
  await untilGone();
});
