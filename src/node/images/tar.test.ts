import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTar } from "./tar-reader.ts";
import { type TarEntry, TarWriter } from "./tar-writer.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-tar-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (path: string, content: string): [TarEntry, Buffer] => {
  const bytes = Buffer.from(content);
  return [{ path, type: "file", mode: 0o644, uid: 0, gid: 0, size: bytes.length }, bytes];
};

async function write(name: string, entries: readonly [TarEntry, Buffer?][]): Promise<{ digest: string; size: number }> {
  const tar = await TarWriter.create(join(dir, name));
  for (const [entry, body] of entries) await tar.add(entry, body && [body]);
  return tar.finish();
}

async function read(name: string): Promise<(Omit<TarEntry, "type"> & { type: string; content: string })[]> {
  const entries = [];
  for await (const { body, ...entry } of readTar(createReadStream(join(dir, name)))) {
    const chunks = [];
    for await (const chunk of body) chunks.push(chunk);
    entries.push({ ...entry, content: Buffer.concat(chunks).toString() });
  }
  return entries;
}

test("what was written is read again, long and foreign names too", async () => {
  const long = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(120)}`;
  await write("a.tar", [
    [{ path: "app", type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0 }],
    file("app/grüße.txt", "hello"),
    file(long, "x".repeat(513)),
    [{ path: "link", type: "symlink", mode: 0o777, uid: 0, gid: 0, size: 0, target: long }],
    [{ path: "hard", type: "hardlink", mode: 0o644, uid: 5, gid: 6, size: 0, target: "app/grüße.txt" }],
  ]);
  const entries = await read("a.tar");
  expect(entries.map(({ path, type, target, content }) => [path, type, target, content])).toEqual([
    ["app/", "directory", "", ""],
    ["app/grüße.txt", "file", "", "hello"],
    [long, "file", "", "x".repeat(513)],
    ["link", "symlink", long, ""],
    ["hard", "hardlink", "app/grüße.txt", ""],
  ]);
  expect(entries[4]).toMatchObject({ uid: 5, gid: 6, mode: 0o644 });
});

test("the system's tar reads ours, and we read the system's", async () => {
  await write("a.tar", [file(`${"n".repeat(150)}/x`, "one"), file("ü", "two")]);
  execFileSync("tar", ["xf", "a.tar"], { cwd: dir });
  expect(readFileSync(join(dir, "n".repeat(150), "x"), "utf8")).toBe("one");
  for (const format of ["gnu", "pax", "ustar"]) {
    const name = format === "ustar" ? "short" : "z".repeat(180);
    writeFileSync(join(dir, name), format);
    execFileSync("tar", ["cf", "b.tar", `--format=${format}`, name], { cwd: dir });
    expect((await read("b.tar")).map(({ path, content }) => [path, content])).toEqual([[name, format]]);
  }
});

test("equal entries give equal bytes", async () => {
  expect(await write("a.tar", [file("x", "1")])).toEqual(await write("b.tar", [file("x", "1")]));
});

test("a file that changed while it was read is refused", async () => {
  const tar = await TarWriter.create(join(dir, "a.tar"));
  const [entry] = file("x", "123");
  await expect(tar.add(entry, [Buffer.from("12")])).rejects.toThrow("x: changed while it was read");
  await tar.abandon();
});

test("a damaged or cut-off archive is refused", async () => {
  await write("a.tar", [file("x", "y".repeat(2000))]);
  const bytes = readFileSync(join(dir, "a.tar"));
  writeFileSync(join(dir, "cut.tar"), bytes.subarray(0, 1024));
  await expect(read("cut.tar")).rejects.toThrow("cut off");
  bytes[3] = 65;
  writeFileSync(join(dir, "bad.tar"), bytes);
  await expect(read("bad.tar")).rejects.toThrow("wrong checksum");
});

test("random bytes never hang or crash the reader", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2048 }), async (bytes) => {
      const source = (async function* () {
        yield bytes;
      })();
      try {
        for await (const entry of readTar(source)) void entry;
      } catch (error) {
        expect((error as Error).message).toContain("tar archive");
      }
    }),
  );
});
