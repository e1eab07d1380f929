import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { VolumeFiles } from "../../plan/node/volume-files.ts";
import { writeAtomically } from "./atomic-directory.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-volume-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const files = (contents: Readonly<Record<string, string>>, mode = 0o644): VolumeFiles =>
  Object.fromEntries(Object.entries(contents).map(([path, content]) => [path, { content, encoding: "utf8", mode }]));
const visible = (): string[] =>
  readdirSync(dir)
    .filter((name) => !name.startsWith(".."))
    .sort();

test("files are there under their names, through one link", () => {
  expect(writeAtomically(dir, files({ a: "1", "sub/b": "2" }, 0o600), "1")).toBe(true);
  expect(visible()).toEqual(["a", "sub"]);
  expect(readFileSync(join(dir, "sub/b"), "utf8")).toBe("2");
  expect(statSync(join(dir, "a")).mode & 0o777).toBe(0o600);
  expect(readlinkSync(join(dir, "a"))).toBe("..data/a");
  expect(readlinkSync(join(dir, "..data"))).toBe("..1");
});

test("a change swaps all at once and leaves nothing of the old", () => {
  writeAtomically(dir, files({ a: "1", gone: "x" }), "1");
  expect(writeAtomically(dir, files({ a: "2", new: "y" }), "2")).toBe(true);
  expect(visible()).toEqual(["a", "new"]);
  expect(readFileSync(join(dir, "a"), "utf8")).toBe("2");
  expect(
    readdirSync(dir)
      .filter((name) => name.startsWith(".."))
      .sort(),
  ).toEqual(["..2", "..data"]);
});

test("the same files are not written again", () => {
  writeAtomically(dir, files({ a: "1" }), "1");
  expect(writeAtomically(dir, files({ a: "1" }), "2")).toBe(false);
  expect(writeAtomically(dir, files({ a: "1" }, 0o600), "3")).toBe(true);
});

test("bytes are kept, and no files make an empty volume", () => {
  writeAtomically(dir, { bin: { content: "AP8=", encoding: "base64", mode: 0o644 } }, "1");
  expect([...readFileSync(join(dir, "bin"))]).toEqual([0, 255]);
  writeAtomically(dir, {}, "2");
  expect(visible()).toEqual([]);
});
