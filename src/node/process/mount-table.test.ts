import { expect, test } from "vitest";
import { escapeFstab, isWithin, parseMountTable } from "./mount-table.ts";

const table = parseMountTable(`22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:9 / /home rw,nosuid,nodev - ext4 /dev/vdb rw
31 30 0:9 / /home/a\\040b rw,noexec - tmpfs tmpfs rw
`);

test.each([
  ["/usr", []],
  ["/proc/sys", ["nosuid", "nodev", "noexec"]],
  ["/home/x", ["nosuid", "nodev"]],
  ["/home/a b/c", ["noexec"]],
  ["/homes", []],
])("a read-only bind of %s repeats %j", (path, want) => expect(table.lockedOptions(path)).toEqual(want));

test("knows what has mounts below", () => {
  expect(["/home", "/", "/home/a b", "/usr"].map((path) => table.hasMountsBelow(path))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each([
  ["/a/b", "/a", true],
  ["/a", "/a", true],
  ["/ab", "/a", false],
  ["/x", "/", true],
])("%s is in %s: %s", (path, directory, want) => expect(isWithin(path, directory)).toBe(want));

test("blanks are written as fstab wants them", () => expect(escapeFstab("/a b\tc\\d")).toBe("/a\\040b\\011c\\134d"));
