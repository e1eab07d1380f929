import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { silentLogger } from "../../observe/logger.ts";
import { LogKeeper } from "./log-keeper.ts";
import { type LogOptions, readLog, tailOfLog } from "./log-reader.ts";
import { LogTimes, timesPath } from "./log-times.ts";

let dir: string;
let path: string;
let clock: FakeClock;
let keeper: LogKeeper;
const T0 = Date.parse("2026-01-01T00:00:00Z");

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-logs-"));
  path = join(dir, "0.log");
  writeFileSync(path, "");
  clock = new FakeClock(T0);
  keeper = new LogKeeper({ clock, logger: silentLogger, fallocate: "/usr/bin/fallocate", maxBytes: 50_000 });
});
afterEach(() => {
  keeper.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function read(options: LogOptions = {}): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readLog(path, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Writes lines with known times, as the keeper would have noted them. */
function written(...parts: readonly (readonly [seconds: number, text: string])[]): void {
  let offset = 0;
  LogTimes.append(timesPath(path), { offset, time: T0 });
  for (const [seconds, text] of parts) {
    appendFileSync(path, text);
    offset += Buffer.byteLength(text);
    LogTimes.append(timesPath(path), { offset, time: T0 + seconds * 1000 });
  }
}

describe("readLog", () => {
  test.each<[string, LogOptions, string]>([
    ["everything", {}, "a\nb\nc\nd"],
    ["the last lines", { tailLines: 2 }, "c\nd"],
    ["more lines than there are", { tailLines: 9 }, "a\nb\nc\nd"],
    ["no lines", { tailLines: 0 }, ""],
    ["what came later", { since: T0 + 2000 }, "c\nd"],
    ["what comes after the end", { since: T0 + 4000 }, ""],
    ["the last lines of what came later", { since: T0 + 1500, tailLines: 1 }, "d"],
    ["some bytes", { limitBytes: 3 }, "a\nb"],
    [
      "times",
      { timestamps: true, tailLines: 3 },
      "2026-01-01T00:00:01.000000000Z b\n2026-01-01T00:00:02.000000000Z c\n2026-01-01T00:00:02.000000000Z d",
    ],
  ])("shows %s", async (_, options, want) => {
    written([1, "a\nb\n"], [2, "c\nd"]);
    utimesSync(path, new Date(T0 + 2000), new Date(T0 + 2000));
    expect(await read(options)).toBe(want);
  });

  test("a newline at the end ends the last line", async () => {
    written([1, "a\nb\n"]);
    expect(await read({ tailLines: 1 })).toBe("b\n");
  });

  test("a line that began before `since` is left out, wherever its rest was written", async () => {
    written([1, "begin"], [2, " end\nnext\n"]);
    expect(await read({ since: T0 + 1500 })).toBe("next\n");
  });

  test("what nobody has noted has the time of the last write", async () => {
    written([1, "a\n"]);
    appendFileSync(path, "b\n");
    utimesSync(path, new Date(T0 + 7000), new Date(T0 + 7000));
    expect(await read({ since: T0 + 5000, timestamps: true })).toBe("2026-01-01T00:00:07.000000000Z b\n");
  });

  test("a log that is not there is empty", async () => {
    rmSync(path);
    expect(await read()).toBe("");
  });

  test("follows until the container has ended, and loses nothing", async () => {
    let end = (): void => undefined;
    const followUntil = new Promise<void>((resolve) => {
      end = resolve;
    });
    written([1, "a\n"]);
    const seen: string[] = [];
    for await (const chunk of readLog(path, { followUntil, tailLines: 1 })) {
      seen.push(chunk.toString());
      if (seen.length < 4) appendFileSync(path, `${seen.length}\n`);
      else {
        end();
        appendFileSync(path, "last\n");
      }
      if (seen.at(-1)?.includes("last")) break;
    }
    expect(seen.join("")).toBe("a\n1\n2\n3\nlast\n");
  });

  test("following stops when the reader goes away", async () => {
    const abort = new AbortController();
    const reading = readLog(path, { followUntil: new Promise(() => undefined) }, abort.signal).next();
    abort.abort();
    expect((await reading).done).toBe(true);
  });

  test("tail and times agree with a plain model", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[ab\n]{0,6}$/), { maxLength: 8 }),
        fc.nat(5),
        async (parts, tail) => {
          rmSync(path, { force: true });
          rmSync(timesPath(path), { force: true });
          writeFileSync(path, "");
          written(...parts.map((text, index) => [index + 1, text] as const));
          const lines = parts.join("").match(/[^\n]*\n|[^\n]+$/g) ?? [];
          const want = tail === 0 ? "" : lines.slice(-tail).join("");
          expect(await read({ tailLines: tail })).toBe(want);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("tailOfLog cuts lines and bytes", async () => {
    written([1, "one\ntwo\nthree\n"]);
    expect(await tailOfLog(path, 2, 100)).toBe("two\nthree\n");
    expect(await tailOfLog(path, 2, 4)).toBe("ree\n");
  });
});

describe("LogKeeper", () => {
  const noted = (): readonly (readonly [number, number])[] =>
    LogTimes.read(timesPath(path)).entries.map(({ offset, time }) => [offset, time - T0]);
  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await clock.advance(1);
  };

  test("notes growth when it happens", async () => {
    keeper.keep(path, T0);
    await clock.advance(100);
    appendFileSync(path, "abc\n");
    while (noted().length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(noted()).toEqual([
      [0, 0],
      [4, 100],
    ]);
  });

  test("looks at a busy log now and then, and at the end once more", async () => {
    keeper.keep(path, T0);
    appendFileSync(path, "1\n");
    await until(() => noted().length === 2);
    appendFileSync(path, "2\n");
    appendFileSync(path, "3\n");
    await clock.advance(10);
    expect(noted().at(-1)?.[0]).toBe(6);
    appendFileSync(path, "4\n");
    keeper.release(path);
    expect(noted().at(-1)?.[0]).toBe(8);
    expect(clock.pending).toBe(0);
  });

  test("what was written while nobody looked has the time of its last byte", () => {
    written([1, "a\n"]);
    appendFileSync(path, "b\n");
    utimesSync(path, new Date(T0 + 5000), new Date(T0 + 5000));
    keeper.keep(path, T0);
    expect(noted()).toEqual([
      [0, 0],
      [2, 1000],
      [4, 5000],
    ]);
  });

  test.skipIf(!existsSync("/usr/bin/fallocate"))(
    "a log that fills takes no more room than allowed, and keeps its end",
    async () => {
      keeper.keep(path, T0);
      const line = `${"x".repeat(99)}\n`;
      for (let i = 0; i < 20; i++) {
        appendFileSync(path, line.repeat(100));
        await clock.advance(60);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await until(() => noted()[0]![0] > 100_000);
      expect(statSync(path).blocks * 512).toBeLessThan(80_000);
      const rest = await read();
      expect(rest.length).toBeGreaterThan(30_000);
      expect(rest.split("\n").every((one) => one === "" || one.length === 99)).toBe(true);
      appendFileSync(path, "end\n");
      expect(await read({ tailLines: 1 })).toBe("end\n");
    },
  );

  test("where holes are impossible the log is emptied", async () => {
    keeper = new LogKeeper({ clock, logger: silentLogger, maxBytes: 1000 });
    keeper.keep(path, T0);
    appendFileSync(path, "x".repeat(2000));
    while (readFileSync(path).length > 0) {
      await clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    appendFileSync(path, "new\n");
    expect(await read()).toBe("new\n");
  });
});
