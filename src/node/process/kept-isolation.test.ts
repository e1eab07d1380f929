import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Isolation } from "./host-tools.ts";
import { isolationOr } from "./kept-isolation.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-isolation-"));
  path = join(folder, "pods/isolation.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const isolation: Isolation = {
  namespaces: true,
  rootless: false,
  overlayOptions: "",
  upperOnDisk: true,
  overlayable: new Set(["usr", "etc"]),
};
const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

test("on a full disk what was found before holds", async () => {
  expect(await isolationOr(() => Promise.resolve(isolation), path)).toEqual(isolation);
  expect(await isolationOr(failing("ENOSPC"), path)).toEqual(isolation);
  await expect(isolationOr(failing("EACCES"), path)).rejects.toThrow("EACCES");
});

test("what was found in another boot, or cannot be read, does not", async () => {
  await expect(isolationOr(failing("ENOSPC"), path)).rejects.toThrow("ENOSPC");
  await isolationOr(() => Promise.resolve(isolation), path);
  writeFileSync(path, JSON.stringify({ ...isolation, overlayable: [], boot: "another" }));
  await expect(isolationOr(failing("ENOSPC"), path)).rejects.toThrow("ENOSPC");
});
