import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { silentLogger } from "../../observe/logger.ts";
import { refusedRequest } from "../dataplane/access-log.ts";
import { AccessLogFile } from "./access-log-file.ts";

const request = (status: number) => refusedRequest(0, "shop/web:80", "127.0.0.1", status, "");

describe("AccessLogFile", () => {
  let root: string;
  let path: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "sluice-log-"));
    path = join(root, "access.log");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const statuses = (file: string): number[] =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { status: number }).status);

  test("writes lines together, after a moment", async () => {
    const clock = new FakeClock();
    const log = new AccessLogFile(path, clock, silentLogger);
    log.add(request(200));
    log.add(request(404));
    expect(readFileSync(path, "utf8")).toBe("");
    await clock.advance(250);
    await log[Symbol.asyncDispose]();
    expect(statuses(path)).toEqual([200, 404]);
    expect(clock.pending).toBe(0);
  });

  test("that cannot be opened stops nobody, says so once, and is written when it can be", async () => {
    const clock = new FakeClock();
    const said: string[] = [];
    const log = { ...silentLogger, warn: (text: string) => void said.push(text) };
    const file = new AccessLogFile(join(root, "none", "access.log"), clock, log);
    for (let i = 0; i < 3; i++) {
      file.add(request(200));
      await clock.advance(250);
    }
    mkdirSync(join(root, "none"));
    file.add(request(404));
    await file[Symbol.asyncDispose]();
    expect(said).toEqual(["the access log cannot be written"]);
    expect(statuses(join(root, "none", "access.log"))).toEqual([404]);
  });

  test("writes what still waits when it is closed, behind what is there", async () => {
    for (const status of [200, 201]) {
      const log = new AccessLogFile(path, new FakeClock(), silentLogger);
      log.add(request(status));
      await log[Symbol.asyncDispose]();
    }
    expect(statuses(path)).toEqual([200, 201]);
  });

  test("a file that is full makes room, and one old file is kept", async () => {
    for (const status of [200, 201, 202]) {
      const log = new AccessLogFile(path, new FakeClock(), silentLogger, 300);
      log.add(request(status));
      log.add(request(status));
      await log[Symbol.asyncDispose]();
    }
    expect([statuses(`${path}.1`), statuses(path)]).toEqual([[202, 202], []]);
  });

  test("keeps every line and their order over many batches, also lines that are longer than one", async () => {
    const log = new AccessLogFile(path, new FakeClock(), silentLogger);
    const target = `/${"a".repeat(70_000)}`;
    const expected = Array.from({ length: 2_000 }, (_, i) => 200 + i);
    for (const status of expected) log.add({ ...request(status), ...(status % 500 === 0 && { target }) });
    await log[Symbol.asyncDispose]();
    expect(statuses(path)).toEqual(expected);
  });

  test("loses lines rather than memory when the disk does not follow", async () => {
    const log = new AccessLogFile(path, new FakeClock(), silentLogger);
    for (let i = 0; i < 40_000; i++) log.add(request(200));
    await log[Symbol.asyncDispose]();
    const written = statuses(path).length;
    expect(written).toBeGreaterThan(10_000);
    expect(written).toBeLessThan(40_000);
  });
});
