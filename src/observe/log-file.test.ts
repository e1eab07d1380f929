import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { descriptorWriter, LogFile } from "./log-file.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-log-"));
  path = join(directory, "control.log");
});
afterEach(() => rmSync(directory, { recursive: true }));

it("LogFile has each line on disk when write() returns, and goes on after what is there", () => {
  for (const line of ["one\n", "two\n"]) {
    using file = new LogFile(path);
    file.write(line);
    expect(readFileSync(path, "utf8").endsWith(line)).toBe(true);
  }
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("LogFile keeps one older file and never more than twice its size", () => {
  using file = new LogFile(path, 100);
  for (let i = 0; i < 100; i++) file.write(`line ${String(i).padStart(4, "0")}\n`);
  const [now, before] = [path, `${path}.1`].map((name) => readFileSync(name, "utf8"));
  expect(before).toHaveLength(100);
  expect((before + now!).trim().split("\n").at(-1)).toBe("line 0099");
  expect(now!.length + before!.length).toBeLessThanOrEqual(200);
});

it("LogFile loses what the disk does not take, and says how much when it takes lines again", () => {
  using file = new LogFile(join(directory, "missing", "control.log"));
  file.write("lost\n");
  file.write("lost too\n");
  // The place comes to be: as when a full disk has room again.
  rmSync(directory, { recursive: true });
  mkdirSync(join(directory, "missing"), { recursive: true });
  file.write("kept\n");
  expect(readFileSync(join(directory, "missing", "control.log"), "utf8")).toBe(
    '{"level":"warn","msg":"log lines were lost","lines":2}\nkept\n',
  );
});

it("LogFile does not throw on a full disk", () => {
  using file = new LogFile("/dev/full");
  file.write("lost\n");
});

it("descriptorWriter() does not throw when the stream is gone", () => {
  descriptorWriter(9999).write("lost\n");
});
