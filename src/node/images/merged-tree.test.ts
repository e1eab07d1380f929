import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MergedTree } from "./merged-tree.ts";

let dir: string;
let tree: MergedTree;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-tree-"));
  for (const path of ["top/app", "top/etc", "low/etc", "low/usr/bin", "low/run/x"])
    mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(dir, "top/etc/app.conf"), "");
  writeFileSync(join(dir, "low/etc/passwd"), "");
  writeFileSync(join(dir, "low/usr/bin/env"), "");
  symlinkSync("usr/bin", join(dir, "low/bin"));
  symlinkSync("/run", join(dir, "low/var"));
  symlinkSync("../../../../etc", join(dir, "top/app/out"));
  symlinkSync("loop", join(dir, "top/loop"));
  tree = new MergedTree([join(dir, "top"), join(dir, "low")]);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  ["/bin/env", "/usr/bin/env"],
  ["bin", "/usr/bin"],
  ["/var/x/../x", "/run/x"],
  ["/app/out/passwd", "/etc/passwd"],
  ["/../../etc", "/etc"],
  ["/no/such", "/no/such"],
  ["/", "/"],
])("%s is %s", (path, want) => expect(tree.resolve(path)).toBe(want));

test("keeps the last link when asked to", () => expect(tree.resolve("/bin", false)).toBe("/bin"));

test("merges directories, the first on top", () => {
  expect(tree.lookup("/etc")).toEqual({ kind: "directory", sources: [join(dir, "top/etc"), join(dir, "low/etc")] });
  expect(tree.lookup("/etc/passwd")).toEqual({ kind: "file", source: join(dir, "low/etc/passwd") });
  expect(tree.lookup("/etc/passwd/x")).toEqual({ kind: "absent" });
});

test("a file on top hides a directory below", () => {
  writeFileSync(join(dir, "top/usr"), "");
  expect(tree.lookup("/usr")).toEqual({ kind: "file", source: join(dir, "top/usr") });
  expect(tree.lookup("/usr/bin")).toEqual({ kind: "absent" });
});

test("links in a circle are refused", () => {
  expect(() => tree.resolve("/loop")).toThrow("too many levels of symbolic links: /loop");
});
