import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { AppError } from "../lib/app-error.ts";
import { type LogLevel, pinoLogger } from "./pino-logger.ts";

function lines(level: LogLevel, use: (log: ReturnType<typeof pinoLogger>) => void): unknown[] {
  const written: unknown[] = [];
  const writer = { write: (line: string) => void written.push(JSON.parse(line)) };
  use(pinoLogger({ clock: new FakeClock(), writer, level, process: "control" }));
  return written;
}

const base = { time: "2026-01-01T00:00:00.000Z", process: "control" };

it("pinoLogger() writes one JSON object a line, with the fields of its ancestors", () => {
  const written = lines("debug", (log) => {
    log.info("started", { port: 1 });
    log.child({ controller: "deployment" }).child({ key: "n/web" }).debug("reconciled");
  });
  expect(written).toEqual([
    { ...base, level: "info", port: 1, msg: "started" },
    { ...base, level: "debug", controller: "deployment", key: "n/web", msg: "reconciled" },
  ]);
});

it("pinoLogger() leaves out what is below its level", () => {
  const written = lines("warn", (log) => {
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
  });
  expect(written).toMatchObject([{ msg: "c" }, { msg: "d" }]);
});

it("pinoLogger() tells all of an error, and a text as it is", () => {
  const written = lines("info", (log) => {
    log.error("failed", { error: new AppError("home-in-use", "taken") });
    log.error("failed", { error: "a text" });
  });
  expect(written).toMatchObject([
    { error: { type: "AppError", code: "home-in-use", message: "taken", stack: expect.stringContaining("AppError") } },
    { error: "a text" },
  ]);
});
