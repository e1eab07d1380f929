import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Backend, ok } from "../support/mesh-harness.ts";
import { MeshWorld } from "../support/mesh-world.ts";
import { smallDisk } from "../support/small-disk.ts";

/** A worker whose files are spoiled or cannot be written: it serves all the same. */
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing[Symbol.asyncDispose]();
});

async function worldWithService(parent?: string): Promise<{ world: MeshWorld; url: string }> {
  const world = await MeshWorld.start(parent);
  open.push(world);
  const backend = await Backend.answering(() => ok("here"));
  open.push(backend);
  const url = `http://${await world.service("web")}:8080`;
  await world.endpoints("web", [backend]);
  return { world, url };
}
const asked = async (url: string): Promise<string> => (await fetch(url, { headers: { connection: "close" } })).text();

describe("what a worker kept", () => {
  const spoiled: readonly [string, string, string][] = [
    ["an empty file", "state.json", ""],
    ["half a file", "state.json", '{"format":1,"snapshot":{"applied":{},"listen'],
    ["no object", "state.json", "null"],
    ["another format", "state.json", '{"format":2}'],
    ["nothing of what it should hold", "state.json", '{"format":1}'],
    ["another shape", "state.json", '{"format":1,"limits":[],"snapshot":{"listeners":[{}],"backends":[]}}'],
    ["trips that are none", "trips.json", '{"format":1,"trips":[null]}'],
    ["trips that are no list", "trips.json", '{"format":1,"trips":3}'],
  ];
  test("can be anything: it serves by the API", async () => {
    const { world, url } = await worldWithService();
    const folder = join(world.home.mesh, "mesh-1");
    for (const [what, file, text] of spoiled) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, file), text);
      await world.startWorker("mesh-1");
      await expect.poll(() => asked(url), { message: what }).toBe("here");
      await world.endWorker("mesh-1", "SIGKILL");
    }
  });
});

describe("a full disk", () => {
  test("keeps no worker from serving, nor from coming back", async ({ skip }) => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-disk-"));
    try {
      using disk = smallDisk(directory, "20m");
      if (!disk) return skip("mounting a small tmpfs needs root");
      const { world, url } = await worldWithService(disk.path);
      await world.startWorker("mesh-1");
      expect(await asked(url)).toBe("here");
      await world.endWorker("mesh-1", "SIGKILL");
      disk.fill();
      await world.startWorker("mesh-1");
      expect(await asked(url)).toBe("here");
      for (const thing of open.splice(0).toReversed()) await thing[Symbol.asyncDispose]();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe("an expression that takes for ever in most engines", () => {
  test("holds up nobody", async () => {
    const { world, url } = await worldWithService();
    const version = await world.route("web", {
      parentRefs: [{ group: "", kind: "Service", name: "web" }],
      rules: [
        {
          matches: [{ headers: [{ name: "x", type: "RegularExpression", value: "(a+)+b" }] }],
          backendRefs: [{ name: "web", port: 8080 }],
        },
      ],
    });
    await world.startWorker("mesh-1");
    await world.until("mesh-1", ({ applied }) => Number(applied?.["httproutes"]) >= Number(version));
    const status = async (x: string): Promise<number> => (await fetch(url, { headers: { x } })).status;
    expect(await status("aab")).toBe(200);
    expect(await status(`${"a".repeat(60)}c`)).toBe(404);
  });
});
